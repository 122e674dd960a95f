package enricherk8s_test

import (
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/contrib/enricherk8s"
	_ "github.com/failure-enrichers/enricher/enrichers/fault"
	_ "github.com/failure-enrichers/enricher/enrichers/restart"
	"github.com/failure-enrichers/enricher/exit"
)

type status = corev1.ContainerStatus

// ended returns the status of a container that has ended in the given minute.
func ended(name string, code, minute int32, reason, message string) status {
	return status{Name: name, State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{
		ExitCode: code, Reason: reason, Message: message, FinishedAt: metav1.Time{Time: time.Unix(60*int64(minute), 0)},
	}}}
}

// waits returns the status of a container that waits after it has ended as last says.
func waits(name, reason, message string, last ...status) status {
	s := status{Name: name, State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: message}}}
	if len(last) > 0 {
		s.LastTerminationState = last[0].State
	}
	return s
}

func runs(name string, last ...status) status {
	s := waits(name, "", "", last...)
	s.State = corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}
	return s
}

func disrupted(reason string, is corev1.ConditionStatus) []corev1.PodCondition {
	return []corev1.PodCondition{
		{Type: corev1.PodReady, Status: corev1.ConditionFalse, Reason: "PodFailed"},
		{Type: corev1.DisruptionTarget, Status: is, Reason: reason, Message: "to make room"},
	}
}

func TestPodError(t *testing.T) {
	t.Parallel()
	always := corev1.ContainerRestartPolicyAlways
	sidecar := []corev1.Container{{Name: "proxy", RestartPolicy: &always}}
	type pod = corev1.PodStatus
	type all = []status
	const failed, running, pending = corev1.PodFailed, corev1.PodRunning, corev1.PodPending
	e, err := enricher.New(enricher.Config{FailureEnrichers: []string{"type", "restart"}}, enricher.WithLogger(slog.New(slog.DiscardHandler)))
	require.NoError(t, err)
	for name, c := range map[string]struct {
		status pod
		spec   corev1.PodSpec
		want   string // empty: nil
		labels string // of type and restart
	}{
		// Pods that have failed.
		"exit code":           {pod{Phase: failed, ContainerStatuses: all{ended("import", 3, 1, "Error", "")}}, corev1.PodSpec{}, "import: Error, exit status 3", "retry=unknown, type=UNKNOWN"},
		"termination message": {pod{Phase: failed, ContainerStatuses: all{ended("import", 1, 1, "Error", "no price in row 17\n")}}, corev1.PodSpec{}, "import: Error, exit status 1: no price in row 17", "retry=unknown, type=UNKNOWN"},
		"OOMKilled":           {pod{Phase: failed, ContainerStatuses: all{ended("import", 137, 1, "OOMKilled", "")}}, corev1.PodSpec{}, "import: OOMKilled, exit status 137", "retry=unknown, type=SYSTEM"},
		"OOMKilled, code 0":   {pod{Phase: failed, ContainerStatuses: all{ended("import", 0, 1, "OOMKilled", "")}}, corev1.PodSpec{}, "import: OOMKilled", "retry=unknown, type=SYSTEM"},
		"signal":              {pod{Phase: failed, ContainerStatuses: all{{Name: "import", State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{Signal: 9}}}}}, corev1.PodSpec{}, "import: signal: killed", "retry=retryable, type=SYSTEM"},
		"ContainerCannotRun":  {pod{Phase: failed, ContainerStatuses: all{ended("import", 127, 1, "ContainerCannotRun", "no such file")}}, corev1.PodSpec{}, "import: ContainerCannotRun, exit status 127: no such file", "retry=terminal, type=SYSTEM"},
		"node has no record":  {pod{Phase: failed, ContainerStatuses: all{ended("import", 137, 1, "ContainerStatusUnknown", "")}}, corev1.PodSpec{}, "import: ContainerStatusUnknown, exit status 137", "retry=retryable, type=SYSTEM"},
		"the first in front":  {pod{Phase: failed, ContainerStatuses: all{ended("late", 3, 2, "", ""), ended("early", 4, 1, "", ""), ended("fine", 0, 1, "Completed", ""), waits("stuck", "ErrImagePull", "")}}, corev1.PodSpec{}, "early: exit status 4\nlate: exit status 3\nstuck: ErrImagePull", "retry=unknown, type=DEPENDENCY"},
		"init container":      {pod{Phase: failed, InitContainerStatuses: all{ended("copy", 0, 1, "Completed", ""), ended("migrate", 1, 2, "Error", "")}, ContainerStatuses: all{waits("import", "PodInitializing", "")}}, corev1.PodSpec{}, "migrate: Error, exit status 1", "retry=unknown, type=UNKNOWN"},
		"sidecar":             {pod{Phase: failed, InitContainerStatuses: all{ended("proxy", 143, 1, "Error", "")}, ContainerStatuses: all{ended("import", 1, 2, "Error", "")}}, corev1.PodSpec{InitContainers: sidecar}, "import: Error, exit status 1", "retry=unknown, type=UNKNOWN"},
		"nothing known":       {pod{Phase: failed}, corev1.PodSpec{}, "failed", "retry=unknown, type=UNKNOWN"},
		"a message":           {pod{Phase: failed, Message: "no reason"}, corev1.PodSpec{}, "failed: no reason", "retry=unknown, type=UNKNOWN"},

		// The pod as a whole.
		"Evicted":              {pod{Phase: failed, Reason: "Evicted", Message: "The node was low on resource: memory."}, corev1.PodSpec{}, "Evicted: The node was low on resource: memory.", "retry=retryable, type=SYSTEM"},
		"Evicted, exit code":   {pod{Phase: failed, Reason: "Evicted", ContainerStatuses: all{ended("import", 2, 1, "OOMKilled", "")}}, corev1.PodSpec{}, "Evicted\nimport: OOMKilled, exit status 2", "retry=retryable, type=SYSTEM"},
		"DeadlineExceeded":     {pod{Phase: failed, Reason: "DeadlineExceeded", ContainerStatuses: all{ended("import", 143, 1, "Error", "")}}, corev1.PodSpec{}, "DeadlineExceeded, exit status 143", "retry=unknown, type=CANCELLED"},
		"Preempted":            {pod{Phase: failed, Conditions: disrupted("PreemptionByScheduler", corev1.ConditionTrue), ContainerStatuses: all{ended("import", 1, 1, "Error", "")}}, corev1.PodSpec{}, "PreemptionByScheduler: to make room\nimport: Error, exit status 1", "retry=retryable, type=SYSTEM"},
		"killed in the end":    {pod{Phase: failed, Reason: "DeadlineExceeded", Message: "too long", ContainerStatuses: all{ended("slow", 137, 2, "Error", ""), ended("import", 143, 1, "Error", ""), ended("own", 3, 3, "Error", "")}}, corev1.PodSpec{}, "DeadlineExceeded, exit status 143: too long\nown: Error, exit status 3", "retry=unknown, type=CANCELLED"},
		"no record of it":      {pod{Phase: failed, Conditions: disrupted("DeletionByPodGC", corev1.ConditionTrue), ContainerStatuses: all{ended("import", 137, 1, "ContainerStatusUnknown", "gone")}}, corev1.PodSpec{}, "DeletionByPodGC, exit status 137: to make room", "retry=retryable, type=SYSTEM"},
		"the reason first":     {pod{Phase: failed, Reason: "Terminated", Conditions: disrupted("TerminationByKubelet", corev1.ConditionTrue)}, corev1.PodSpec{}, "Terminated", "retry=retryable, type=SYSTEM"},
		"no DisruptionTarget":  {pod{Phase: failed, Conditions: disrupted("PreemptionByScheduler", corev1.ConditionFalse), ContainerStatuses: all{ended("import", 1, 1, "Error", "")}}, corev1.PodSpec{}, "import: Error, exit status 1", "retry=unknown, type=UNKNOWN"},
		"NodeLost":             {pod{Phase: running, Reason: "NodeLost", ContainerStatuses: all{runs("import")}}, corev1.PodSpec{}, "NodeLost", "retry=retryable, type=SYSTEM"},
		"no phase":             {pod{Reason: "Preempted"}, corev1.PodSpec{}, "Preempted", "retry=retryable, type=SYSTEM"},
		"phase Unknown":        {pod{Phase: corev1.PodUnknown, Reason: "NodeLost"}, corev1.PodSpec{}, "NodeLost", "retry=retryable, type=SYSTEM"},
		"admission":            {pod{Phase: failed, Reason: "OutOfcpu", Message: "too little"}, corev1.PodSpec{}, "OutOfcpu: too little", "retry=retryable, type=SYSTEM"},
		"an image, and expiry": {pod{Phase: failed, Reason: "DeadlineExceeded", ContainerStatuses: all{waits("import", "ImagePullBackOff", "")}}, corev1.PodSpec{}, "DeadlineExceeded\nimport: ImagePullBackOff", "retry=unknown, type=DEPENDENCY"},

		// Pods that do not get on.
		"ImagePullBackOff":           {pod{Phase: pending, ContainerStatuses: all{waits("import", "ImagePullBackOff", "Back-off pulling image")}}, corev1.PodSpec{}, "import: ImagePullBackOff: Back-off pulling image", "retry=unknown, type=DEPENDENCY"},
		"InvalidImageName":           {pod{Phase: pending, InitContainerStatuses: all{waits("proxy", "InvalidImageName", "")}}, corev1.PodSpec{InitContainers: sidecar}, "proxy: InvalidImageName", "retry=terminal, type=USER"},
		"CreateContainerConfigError": {pod{Phase: pending, ContainerStatuses: all{waits("import", "CreateContainerConfigError", `secret "db" not found`)}}, corev1.PodSpec{}, `import: CreateContainerConfigError: secret "db" not found`, "retry=unknown, type=SYSTEM"},
		"CrashLoopBackOff":           {pod{Phase: running, ContainerStatuses: all{waits("import", "CrashLoopBackOff", "back-off 5m0s", ended("", 3, 1, "Error", "no price"))}}, corev1.PodSpec{}, "import: CrashLoopBackOff, exit status 3: no price", "retry=unknown, type=SYSTEM"},
		"CrashLoopBackOff, memory":   {pod{Phase: running, ContainerStatuses: all{waits("import", "CrashLoopBackOff", "", ended("", 137, 1, "OOMKilled", ""))}}, corev1.PodSpec{}, "import: OOMKilled, exit status 137", "retry=unknown, type=SYSTEM"},
		"CrashLoopBackOff, code 0":   {pod{Phase: running, ContainerStatuses: all{waits("import", "CrashLoopBackOff", "", ended("", 0, 1, "Completed", ""))}}, corev1.PodSpec{}, "import: CrashLoopBackOff", "retry=unknown, type=SYSTEM"},
		"CrashLoopBackOff alone":     {pod{Phase: running, ContainerStatuses: all{waits("import", "CrashLoopBackOff", "back-off 5m0s")}}, corev1.PodSpec{}, "import: CrashLoopBackOff: back-off 5m0s", "retry=unknown, type=SYSTEM"},
		"one of two, for good":       {pod{Phase: running, ContainerStatuses: all{ended("import", 4, 1, "Error", ""), runs("proxy")}}, corev1.PodSpec{RestartPolicy: corev1.RestartPolicyNever}, "import: Error, exit status 4", "retry=unknown, type=UNKNOWN"},

		// Pods that have not failed.
		"nothing":                  {},
		"succeeded":                {status: pod{Phase: corev1.PodSucceeded, Reason: "Completed", ContainerStatuses: all{ended("import", 0, 1, "OOMKilled", "")}}},
		"runs":                     {status: pod{Phase: running, ContainerStatuses: all{runs("import")}}},
		"runs again":               {status: pod{Phase: running, ContainerStatuses: all{runs("import", ended("", 137, 1, "OOMKilled", ""))}}},
		"will be started again":    {status: pod{Phase: running, ContainerStatuses: all{ended("import", 1, 1, "Error", "")}}, spec: corev1.PodSpec{RestartPolicy: corev1.RestartPolicyOnFailure}},
		"one of two, done":         {status: pod{Phase: running, ContainerStatuses: all{ended("import", 0, 1, "Completed", ""), runs("proxy")}}, spec: corev1.PodSpec{RestartPolicy: corev1.RestartPolicyNever}},
		"is created":               {status: pod{Phase: pending, InitContainerStatuses: all{waits("copy", "ContainerCreating", "")}, ContainerStatuses: all{waits("import", "PodInitializing", "")}}},
		"waits for no reason":      {status: pod{Phase: pending, ContainerStatuses: all{waits("import", "", "")}}},
		"disruption while it runs": {status: pod{Phase: running, Conditions: disrupted("EvictionByEvictionAPI", corev1.ConditionTrue), ContainerStatuses: all{runs("import")}}},
		"Unschedulable":            {status: pod{Phase: pending, Conditions: []corev1.PodCondition{{Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: "Unschedulable"}}}},
	} {
		got := enricherk8s.PodError(&corev1.Pod{Spec: c.spec, Status: c.status})
		if c.want == "" {
			assert.NoError(t, got, name) //nolint:testifylint // it is nil, not a nil pointer
			continue
		}
		assert.EqualError(t, got, c.want, name)
		labels := e.Enrich(got)
		assert.Equal(t, c.labels, enricher.Labels{"retry": labels["retry"], "type": labels["type"]}.String(), name)
	}
	assert.NoError(t, enricherk8s.PodError(nil))
	one := enricherk8s.PodError(&corev1.Pod{Status: pod{Phase: failed, ContainerStatuses: all{ended("import", 1, 1, "Error", "m")}}})
	assert.Equal(t, &exit.Error{Name: "import", Code: 1, Reason: "Error", Message: "m"}, one)
}
