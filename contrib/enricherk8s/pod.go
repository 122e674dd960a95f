package enricherk8s

import (
	"errors"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/failure-enrichers/enricher/exit"
)

// PodError returns the error of a pod that has failed, which the ready-made enrichers
// know, and nil for one that has not.
//
//	if err := enricherk8s.PodError(pod); err != nil {
//		return reconcile.Result{}, err
//	}
//
// It is an [*exit.Error] for the pod, if its status or its condition DisruptionTarget
// has a reason, such as Evicted, DeadlineExceeded, NodeLost or PreemptionByScheduler,
// and one for each container that has failed, with its exit code, signal, reason and
// termination message. If there are several, they are joined: that of the pod comes
// first, then the containers in the order in which they ended. A container that was
// only killed, as all are when the pod is ended, has no error besides that of the pod,
// which has its exit code.
//
// A pod has failed if its phase is Failed or its node is lost, and also while
//
//   - a container cannot start: it waits for another reason than ContainerCreating and
//     PodInitializing, such as ImagePullBackOff or CrashLoopBackOff. That of
//     CrashLoopBackOff has the exit code and the reason of the last end.
//   - a container has failed and the restart policy of the pod is Never, although others
//     still run. The restart policy of a single container is not looked at.
//
// How a sidecar ends (an init container that is always restarted) does not count. A pod
// that cannot be scheduled has not failed. Nothing is masked.
func PodError(pod *corev1.Pod) error {
	if pod == nil || pod.Status.Phase == corev1.PodSucceeded {
		return nil
	}
	whole := podError(pod)
	errs := containerErrors(pod, whole)
	if whole != nil {
		errs = slices.Insert(errs, 0, error(whole))
	}
	switch {
	case len(errs) == 1:
		return errs[0]
	case len(errs) == 0 && pod.Status.Phase == corev1.PodFailed:
		return &exit.Error{Message: pod.Status.Message}
	}
	return errors.Join(errs...) // nil if there are none
}

// ended reports whether the pod does not run any more. Its phase may be unknown.
func ended(pod *corev1.Pod) bool {
	return pod.Status.Phase != corev1.PodPending && pod.Status.Phase != corev1.PodRunning
}

// nodeLost is the reason of a pod whose node does not answer; it is in no package for
// clients. The phase stays as it was.
const nodeLost = "NodeLost"

// podError returns the error of the pod as a whole.
func podError(pod *corev1.Pod) *exit.Error {
	status := &pod.Status
	if status.Reason == nodeLost || status.Reason != "" && ended(pod) {
		return &exit.Error{Reason: status.Reason, Message: status.Message}
	}
	for _, c := range status.Conditions {
		// While the pod runs, the disruption may yet be called off.
		if c.Type == corev1.DisruptionTarget && c.Status == corev1.ConditionTrue && ended(pod) {
			return &exit.Error{Reason: c.Reason, Message: c.Message}
		}
	}
	return nil
}

// containerErrors returns the errors of the containers, by the time when they ended. If
// there is an error of the whole pod, that has the exit code of those that were only
// killed because of it.
func containerErrors(pod *corev1.Pod, whole *exit.Error) []error {
	sidecars := map[string]bool{}
	for _, c := range pod.Spec.InitContainers {
		sidecars[c.Name] = c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways
	}
	policy := pod.Spec.RestartPolicy
	stays := ended(pod) || policy == corev1.RestartPolicyNever || policy == ""
	type failure struct {
		err *exit.Error
		at  time.Time
	}
	var failures []failure
	for _, s := range slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses) {
		t := s.State.Terminated
		if t != nil && stays && hasFailed(t) && !sidecars[s.Name] {
			failures = append(failures, failure{terminated(s.Name, t), t.FinishedAt.Time})
		}
		if w := s.State.Waiting; w != nil && w.Reason != "" && w.Reason != "ContainerCreating" && w.Reason != "PodInitializing" {
			err, at := waiting(s)
			failures = append(failures, failure{err, at})
		}
	}
	slices.SortStableFunc(failures, func(a, b failure) int {
		if a.at.IsZero() != b.at.IsZero() { // without a time: it did not end
			return -a.at.Compare(b.at)
		}
		return a.at.Compare(b.at)
	})
	var errs []error
	for _, f := range failures {
		switch {
		case whole == nil || !killed(f.err):
			errs = append(errs, f.err)
		case whole.Code == 0 && whole.Signal == 0:
			whole.Code, whole.Signal = f.err.Code, f.err.Signal
		}
	}
	return errs
}

// hasFailed reports whether a container that has ended has failed: a process of it may
// be killed for its memory, and the container return 0.
func hasFailed(t *corev1.ContainerStateTerminated) bool {
	return t.ExitCode != 0 || t.Signal != 0 || t.Reason != "" && t.Reason != "Completed"
}

// killed reports whether SIGTERM or SIGKILL ended a container, and nothing says why.
func killed(e *exit.Error) bool {
	const term, kill = 15, 9
	switch e.Reason {
	case "", "Error", "ContainerStatusUnknown":
		return e.Code == 128+term || e.Code == 128+kill || e.Signal == term || e.Signal == kill
	}
	return false
}

func terminated(name string, t *corev1.ContainerStateTerminated) *exit.Error {
	return &exit.Error{Name: name, Code: int(t.ExitCode), Signal: int(t.Signal), Reason: t.Reason, Message: t.Message}
}

// waiting returns the error of a container that cannot start, and when it last ended.
func waiting(s corev1.ContainerStatus) (*exit.Error, time.Time) {
	w, last := s.State.Waiting, s.LastTerminationState.Terminated
	if w.Reason != "CrashLoopBackOff" || last == nil {
		return &exit.Error{Name: s.Name, Reason: w.Reason, Message: w.Message}, time.Time{}
	}
	// The message of the back-off names the pod and the time, and says no more.
	e := terminated(s.Name, last)
	if e.Reason == "" || e.Reason == "Error" || e.Reason == "Completed" {
		e.Reason = w.Reason
	}
	return e, last.FinishedAt.Time
}
