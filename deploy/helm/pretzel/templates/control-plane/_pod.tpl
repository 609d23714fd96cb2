{{/* The pod of a control plane, of either kind of workload. */}}
{{- define "pretzel.controlPlanePod" -}}
{{- $plane := dict "root" . "component" "control-plane" "own" .Values.controlPlane "metricsPort" 8102 -}}
{{- $shared := .Values.controlPlane.shared.enabled -}}
{{- $secrets := include "pretzel.secrets" $plane | fromYaml -}}
metadata:
  {{- include "pretzel.podMetadata" $plane | nindent 2 }}
spec:
  {{- include "pretzel.pod" (merge (dict "claimed" (not $shared)) $plane) | nindent 2 }}
  {{- if $shared }}
  {{- include "pretzel.spread" $plane | nindent 2 }}
  {{- end }}
  containers:
    - name: control-plane
      {{- include "pretzel.container" $plane | nindent 6 }}
      args:
        - control-plane
        - --host=0.0.0.0
        - --control-port=8101
        - --control-metrics-port=8102
        - --data-dir=/var/lib/pretzel
        - --drain-seconds={{ .Values.controlPlane.drainSeconds }}
      env:
        {{- include "pretzel.variables" $plane | nindent 8 }}
        {{- if .Values.tls.enabled }}
        - name: PRETZEL_CONTROL_LISTEN
          value: unix:/tmp/health.sock
        {{- end }}
        {{- if $shared }}
        # postgresql://pretzel@host/database?password_file=/run/secrets/pretzel/catalog/password&sslmode=require
        - name: PRETZEL_CATALOG
          valueFrom: {secretKeyRef: {name: {{ $secrets.catalog }}, key: url}}
        # s3://bucket/prefix?region=name&credentials_file=/run/secrets/pretzel/store/credentials
        - name: PRETZEL_STORE
          valueFrom: {secretKeyRef: {name: {{ $secrets.store }}, key: url}}
        {{- end }}
      ports:
        - name: grpc
          containerPort: 8101
        - name: metrics
          containerPort: 8102
      {{- include "pretzel.controlPlaneProbes" . | nindent 6 }}
      {{- if $shared }}
      lifecycle:
        preStop:
          sleep: {seconds: {{ .Values.controlPlane.leaveSeconds }}}
      {{- end }}
      volumeMounts:
        - name: {{ $shared | ternary "data" "store" }}
          mountPath: /var/lib/pretzel
        - name: tmp
          mountPath: /tmp
        {{- include "pretzel.secretMounts" $plane | nindent 8 }}
  volumes:
    {{- if $shared }}
    - name: data
      emptyDir:
        sizeLimit: {{ .Values.controlPlane.scratch }}
    {{- end }}
    - name: tmp
      emptyDir: {}
    {{- include "pretzel.secretVolumes" $plane | nindent 4 }}
{{- end }}

{{/* The probes of Kubernetes for gRPC know no TLS: a socket of the pod's own is asked instead. */}}
{{- define "pretzel.controlPlaneProbes" -}}
{{- if .Values.tls.enabled -}}
startupProbe:
  exec: {command: [pretzel-health, "unix:/tmp/health.sock"]}
  periodSeconds: 5
  timeoutSeconds: 5
  failureThreshold: 24  # migrations of a large catalog take a while
readinessProbe:
  exec: {command: [pretzel-health, "unix:/tmp/health.sock"]}
  periodSeconds: 10
  timeoutSeconds: 5
livenessProbe:
  exec: {command: [pretzel-health, "unix:/tmp/health.sock"]}
  periodSeconds: 30
  timeoutSeconds: 5
  failureThreshold: 6
{{- else -}}
startupProbe:
  grpc: {port: 8101}
  periodSeconds: 2
  failureThreshold: 60  # migrations of a large catalog take a while
readinessProbe:
  grpc: {port: 8101}
  periodSeconds: 5
livenessProbe:
  grpc: {port: 8101}
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 6
{{- end }}
{{- end }}
