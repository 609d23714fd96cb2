{{/* The start of a pod's metadata: (dict "root" $ "component" "worker" "own" .Values.worker "metricsPort" 8002). */}}
{{- define "pretzel.podMetadata" -}}
labels:
  {{- include "pretzel.selector" . | nindent 2 }}
  {{- with .own.podLabels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
annotations:
  prometheus.io/scrape: "true"
  prometheus.io/port: {{ .metricsPort | quote }}
  prometheus.io/path: /metrics
  {{- if .root.Values.tls.enabled }}
  prometheus.io/scheme: https
  {{- end }}
  {{- with .own.podAnnotations }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}

{{/* What pods of both planes have alike. */}}
{{- define "pretzel.pod" -}}
serviceAccountName: {{ include "pretzel.serviceAccount" .root }}
automountServiceAccountToken: false
enableServiceLinks: false  # its PRETZEL_* variables would be read as settings
# The pause before the signal, then draining, then some.
terminationGracePeriodSeconds: {{ add .own.leaveSeconds .own.drainSeconds 15 }}
{{- with .root.Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- with .root.Values.priorityClass.name }}
priorityClassName: {{ . }}
{{- end }}
{{- range $field := list "nodeSelector" "tolerations" "affinity" }}
{{- with index $.own $field }}
{{ $field }}:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  {{- if .claimed }}
  fsGroupChangePolicy: OnRootMismatch
  {{- end }}
  seccompProfile:
    type: RuntimeDefault
{{- end }}

{{- define "pretzel.spread" -}}
topologySpreadConstraints:
  - topologyKey: kubernetes.io/hostname
    maxSkew: 1
    whenUnsatisfiable: {{ .own.spread.hosts }}
    labelSelector:
      matchLabels:
        {{- include "pretzel.selector" . | nindent 8 }}
  - topologyKey: topology.kubernetes.io/zone
    maxSkew: 1
    whenUnsatisfiable: {{ .own.spread.zones }}
    labelSelector:
      matchLabels:
        {{- include "pretzel.selector" . | nindent 8 }}
{{- end }}

{{- define "pretzel.container" -}}
image: {{ include "pretzel.image" .root | quote }}
{{- with .root.Values.image.pullPolicy }}
imagePullPolicy: {{ . }}
{{- end }}
resources:
  {{- toYaml .own.resources | nindent 2 }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
{{- end }}

{{/* The settings of each plane that templates set, from values of their own. */}}
{{- define "pretzel.taken.control-plane" -}}
[host, control_port, control_metrics_port, control_listen, data_dir, drain_seconds, catalog, store, insecure, tls_cert,
tls_key, identities]
{{- end }}
{{- define "pretzel.taken.worker" -}}
[host, port, http, metrics_port, worker, advertise, cache_dir, memory_budget, drain_seconds, insecure, tls_cert, tls_key,
tls_ca, control_plane, identities, control_token_file, python_stages, python_environments, python_processes,
python_memory_bytes]
{{- end }}

{{/* The variables of both planes, and the settings of one. */}}
{{- define "pretzel.variables" -}}
{{- if .root.Values.tls.enabled }}
- name: PRETZEL_TLS_CERT
  value: /run/secrets/pretzel/tls/tls.crt
- name: PRETZEL_TLS_KEY
  value: /run/secrets/pretzel/tls/tls.key
{{- else }}
# Plain text: the network policies say who may connect.
- name: PRETZEL_INSECURE
  value: "true"
{{- end }}
{{- if .root.Values.identities.enabled }}
- name: PRETZEL_IDENTITIES
  value: /run/secrets/pretzel/identities/identities.toml
{{- end }}
{{- $plane := eq .component "worker" | ternary "worker" "controlPlane" }}
{{- $taken := include (printf "pretzel.taken.%s" .component) . | fromYamlArray }}
{{- range $name, $value := .own.settings }}
{{- if has $name $taken }}
{{- printf "%s.settings.%s: the chart sets it; values.yaml has what can be set instead" $plane $name | fail }}
{{- end }}
- name: PRETZEL_{{ upper $name }}
  value: {{ include "pretzel.plain" $value | quote }}
{{- end }}
{{- end }}

{{/* The names of the secrets that a plane reads, as YAML: a volume's name, and a secret's. */}}
{{- define "pretzel.secrets" -}}
{{- $name := include "pretzel.fullname" .root -}}
{{- $values := .root.Values -}}
{{- if $values.tls.enabled }}
tls: {{ index $values.tls (eq .component "worker" | ternary "workerSecret" "controlPlaneSecret") | default (printf "%s-%s-tls" $name .component) }}
{{- end }}
{{- if $values.identities.enabled }}
identities: {{ $values.identities.secret | default (printf "%s-identities" $name) }}
{{- if eq .component "worker" }}
worker-token: {{ $values.identities.workerTokenSecret | default (printf "%s-worker-token" $name) }}
{{- end }}
{{- end }}
{{- if and (eq .component "control-plane") $values.controlPlane.shared.enabled }}
catalog: {{ $values.controlPlane.shared.catalogSecret | default (printf "%s-catalog" $name) }}
store: {{ $values.controlPlane.shared.storeSecret | default (printf "%s-store" $name) }}
{{- end }}
{{- end }}

{{- define "pretzel.secretMounts" -}}
{{- range $volume, $secret := include "pretzel.secrets" . | fromYaml }}
- name: {{ $volume }}
  mountPath: /run/secrets/pretzel/{{ $volume }}
  readOnly: true
{{- end }}
{{- end }}

{{- define "pretzel.secretVolumes" -}}
{{- range $volume, $secret := include "pretzel.secrets" . | fromYaml }}
- name: {{ $volume }}
  secret: {secretName: {{ $secret }}, defaultMode: 0440}
{{- end }}
{{- end }}
