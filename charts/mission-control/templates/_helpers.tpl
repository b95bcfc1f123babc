{{/* Names, labels and snippets that several templates share. */}}

{{- define "mission-control.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* app.kubernetes.io/name is constant: mc finds the operator by it. */}}
{{- define "mission-control.selectorLabels" -}}
app.kubernetes.io/name: mission-control
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: operator
{{- end -}}

{{- define "mission-control.commonLabels" -}}
app.kubernetes.io/name: mission-control
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: mission-control
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* "mission-control.metadata" (dict "root" $ "suffix" "-author" "component" "rbac" "namespace" "team-a") */}}
{{- define "mission-control.metadata" -}}
name: {{ include "mission-control.fullname" .root }}{{ .suffix }}
{{- with .namespace }}
namespace: {{ . }}
{{- end }}
labels:
  {{- include "mission-control.commonLabels" .root | nindent 2 }}
  app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{- define "mission-control.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "mission-control.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- required "serviceAccount.name: set the name of an existing service account, or set serviceAccount.create to true" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "mission-control.image" -}}
{{- $image := .Values.image -}}
{{- if $image.digest -}}
{{- printf "%s@%s" $image.repository $image.digest -}}
{{- else -}}
{{- printf "%s:%s" $image.repository (default .Chart.AppVersion $image.tag) -}}
{{- end -}}
{{- end -}}

{{/* The namespaces of `scope: namespaces` as a JSON list; empty with `scope: cluster`. */}}
{{- define "mission-control.namespaces" -}}
{{- if eq .Values.scope "namespaces" -}}
{{- default (list .Release.Namespace) .Values.namespaces | uniq | toJson -}}
{{- else -}}
[]
{{- end -}}
{{- end -}}

{{/* The namespace in which `helm test` runs its workflow: the release's namespace, or the first one that the operator works in. */}}
{{- define "mission-control.testNamespace" -}}
{{- $namespaces := include "mission-control.namespaces" . | fromJsonArray -}}
{{- if or (eq .Values.scope "cluster") (has .Release.Namespace $namespaces) -}}
{{- .Release.Namespace -}}
{{- else -}}
{{- first $namespaces -}}
{{- end -}}
{{- end -}}

{{/* The Secret with notification targets; empty if there is none. */}}
{{- define "mission-control.notifySecret" -}}
{{- if .Values.notifications.existingSecret -}}
{{- .Values.notifications.existingSecret -}}
{{- else if .Values.notifications.targets -}}
{{- include "mission-control.fullname" . }}-notify
{{- end -}}
{{- end -}}

{{/* A file under files/, unchanged except for labels and additional lines in the metadata of its objects. It is not rendered as
     a template, because CRDs and Workflows contain double braces. (dict "text" … "root" $ "component" "crd" "more" "namespace: x") */}}
{{- define "mission-control.file" -}}
{{- $metadata := printf "labels:\n%s\n  app.kubernetes.io/component: %s" (include "mission-control.commonLabels" .root | indent 2) .component -}}
{{- with .more -}}
{{- $metadata = printf "%s\n%s" . $metadata -}}
{{- end -}}
{{- replace "\nmetadata:\n" (printf "\nmetadata:\n%s\n" (indent 2 $metadata)) .text -}}
{{- end -}}

{{/* What the Pod Security Standard `restricted` requires, and a read-only root filesystem. */}}
{{- define "mission-control.podSecurityContext" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{- define "mission-control.containerSecurityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end -}}

{{/* Contradictions that the schema cannot express. */}}
{{- define "mission-control.validate" -}}
{{- if and (eq .Values.scope "cluster") .Values.namespaces -}}
{{- fail "namespaces: only read with scope: namespaces; set that, or remove the list" -}}
{{- end -}}
{{- if and .Values.notifications.existingSecret (or .Values.notifications.targets .Values.notifications.files .Values.notifications.runUrl) -}}
{{- fail "notifications: existingSecret holds everything; remove targets, files and runUrl, or existingSecret" -}}
{{- end -}}
{{- if and (not .Values.notifications.targets) (or .Values.notifications.files .Values.notifications.runUrl) -}}
{{- fail "notifications: files and runUrl are for targets, and there are none" -}}
{{- end -}}
{{- if hasKey .Values.notifications.files "targets.yaml" -}}
{{- fail "notifications.files: targets.yaml is made from notifications.targets; choose another name" -}}
{{- end -}}
{{- if and .Values.dashboard.actions (not .Values.dashboard.enabled) -}}
{{- fail "dashboard.actions: needs dashboard.enabled" -}}
{{- end -}}
{{- if and .Values.metrics.serviceMonitor.enabled (not .Values.metrics.service.enabled) -}}
{{- fail "metrics.serviceMonitor.enabled: needs metrics.service.enabled" -}}
{{- end -}}
{{- end -}}
