{{/* The beginning of every name.  Pods of the stateful set carry a label of the name and a hash of 11 characters, which
may have 63. */}}
{{- define "pretzel.fullname" -}}
{{- $own := contains "pretzel" .Release.Name | ternary .Release.Name (printf "%s-pretzel" .Release.Name) -}}
{{- $name := .Values.fullnameOverride | default $own -}}
{{- if gt (len $name) 38 -}}
{{- printf "the name %q has %d characters and may have 38: set fullnameOverride" $name (len $name) | fail -}}
{{- end -}}
{{- $name -}}
{{- end }}

{{- define "pretzel.serviceAccount" -}}
{{- .Values.serviceAccount.name | default (.Values.serviceAccount.create | ternary (include "pretzel.fullname" .) "default") -}}
{{- end }}

{{/* The labels that select the pods of a component, or of all: (dict "root" $ "component" "worker"). */}}
{{- define "pretzel.selector" -}}
app.kubernetes.io/name: pretzel
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- with .component }}
app.kubernetes.io/component: {{ . }}
{{- end }}
{{- end }}

{{/* The metadata of an object: "name" follows the full name, and is the component by default. */}}
{{- define "pretzel.metadata" -}}
name: {{ include "pretzel.fullname" .root }}{{ with .name | default .component }}-{{ . }}{{ end }}
namespace: {{ .root.Release.Namespace }}
labels:
  {{- include "pretzel.labels" . | nindent 2 }}
{{- end }}

{{- define "pretzel.labels" -}}
{{ include "pretzel.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ .root.Chart.Name }}-{{ .root.Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "pretzel.image" -}}
{{- with .Values.image -}}
{{ .repository }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ .tag | default $.Chart.AppVersion }}{{ end }}
{{- end -}}
{{- end }}

{{/* A number as Pretzel reads it: YAML's large ones arrive as 2.147483648e+09. */}}
{{- define "pretzel.plain" -}}
{{- if and (kindIs "float64" .) (eq (floor .) .) -}}{{ int64 . }}{{- else -}}{{ . }}{{- end -}}
{{- end }}
