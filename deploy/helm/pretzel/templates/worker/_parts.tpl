{{/* The variables of a worker alone. */}}
{{- define "pretzel.workerVariables" -}}
- name: PRETZEL_CONTROL_PLANE
  value: {{ .Values.tls.enabled | ternary "https://" "" }}{{ include "pretzel.fullname" . }}-control-plane:8101
{{- if .Values.tls.enabled }}
- name: PRETZEL_TLS_CA
  value: /run/secrets/pretzel/tls/ca.crt
{{- end }}
{{- if .Values.identities.enabled }}
- name: PRETZEL_CONTROL_TOKEN_FILE
  value: /run/secrets/pretzel/worker-token/token
{{- end }}
{{- with .Values.networkPolicies.egress }}
{{- if .enabled }}
{{- if hasKey $.Values.worker.settings "direct_fetch" }}
{{- fail "worker.settings.direct_fetch: networkPolicies.egress.workersToStore sets it where outgoing connections are closed" }}
{{- end }}
# A worker that may not connect to the store would wait for it until its deadline.
- name: PRETZEL_DIRECT_FETCH
  value: {{ .workersToStore | quote }}
{{- end }}
{{- end }}
{{- with .Values.pythonStages }}
{{- if .enabled }}
- name: PRETZEL_PYTHON_STAGES
  value: "true"
- name: PRETZEL_PYTHON_ENVIRONMENTS
  value: /opt/environments
- name: PRETZEL_PYTHON_PROCESSES
  value: {{ .processes | quote }}
- name: PRETZEL_PYTHON_MEMORY_BYTES
  value: {{ include "pretzel.plain" .memory | quote }}
{{- end }}
{{- end }}
{{- end }}

{{/* Probes over HTTPS accept any certificate, so that of the worker need not name the pod's address. */}}
{{- define "pretzel.workerProbes" -}}
{{- $ready := dict "grpc" (dict "port" 8001) -}}
{{- $live := $ready -}}
{{- if .Values.tls.enabled -}}
{{- $ready = dict "httpGet" (dict "path" "/v2/health/ready" "port" "http" "scheme" "HTTPS") -}}
{{- $live = dict "httpGet" (dict "path" "/v2/health/live" "port" "http" "scheme" "HTTPS") -}}
{{- end -}}
startupProbe:
  {{- toYaml $ready | nindent 2 }}
  periodSeconds: 2
  failureThreshold: 60
readinessProbe:
  {{- toYaml $ready | nindent 2 }}
  periodSeconds: 2
livenessProbe:
  {{- toYaml $live | nindent 2 }}
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 6
{{- end }}
