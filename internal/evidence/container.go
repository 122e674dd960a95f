package evidence

import (
	"cmp"
	"maps"
	"slices"
)

// ExitReason is the kind of the reasons that platforms give for the end of a
// container, pod or task, or for why it did not start: "OOMKilled".
const ExitReason Kind = "exit reason"

// exitMethods are the methods of errors that say how a process, container or pod
// ended, such as *exit.Error of this module. If there are several, the reason of the
// platform counts more than the signal, and that more than the exit status: a
// container that is killed for its memory has exit status 137. Last is a reason that
// says little.
var exitMethods = []method{
	on(func(v *Verdict, err interface{ ExitReason() string }) {
		if e := ofExitReason(err.ExitReason()); e.Weight != Generic {
			v.add(e)
		}
	}),
	on(func(v *Verdict, err interface{ ExitSignal() int }) {
		if s, ok := signalNumbered(err.ExitSignal()); ok {
			v.add(s)
		}
	}),
	on(func(v *Verdict, err interface{ ExitCode() int }) {
		if status := err.ExitCode(); status > 0 {
			v.add(OfExitStatus(status))
		}
	}),
	on(func(v *Verdict, err interface{ ExitReason() string }) {
		if e := ofExitReason(err.ExitReason()); e.Weight == Generic {
			v.add(e)
		}
	}),
}

// ofExitReason judges a reason. One that is not listed is a code without a meaning,
// and an exit status, if there is one, is preferred as the code.
func ofExitReason(reason string) Evidence {
	switch reason {
	case "", "Error", "Completed", "EssentialContainerExited", "TaskFailedToStart":
		return Evidence{} // they say no more than that it failed
	}
	e, ok := exitReasons[reason]
	if !ok {
		return Evidence{Kind: OwnCode, Code: reason}
	}
	e.Weight, e.Kind, e.Code = cmp.Or(e.Weight, Coded), ExitReason, reason
	return e
}

// ExitReasons returns the reasons that are known, ascending.
func ExitReasons() []string { return slices.Sorted(maps.Keys(exitReasons)) }

// exitReasons has the reasons in the status of Kubernetes' pods and containers, of the
// pod condition DisruptionTarget, and of Amazon ECS, and Preempted for schedulers of
// other platforms.
//
// See https://kubernetes.io/docs/concepts/workloads/pods/disruptions/,
// https://kubernetes.io/docs/concepts/scheduling-eviction/node-pressure-eviction/,
// the packages container, images, kuberuntime, lifecycle and nodeshutdown below
// https://github.com/kubernetes/kubernetes/tree/master/pkg/kubelet, and
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html.
var exitReasons = map[string]Evidence{
	// The container or pod was ended. The same input may need the same memory again.
	"OOMKilled":        {Fault: System, Retry: Undecided},
	"DeadlineExceeded": {Fault: Cancelled, Retry: Undecided}, // activeDeadlineSeconds of the pod or job
	"UserInitiated":    {Fault: Cancelled, Retry: Undecided}, // ECS: StopTask

	// It failed several times. Why says its exit status, if that has a meaning.
	"CrashLoopBackOff": {Weight: Generic, Fault: System, Retry: Undecided},

	// The node or the scheduler ended it, or would not take it.
	"Evicted":                {Fault: System, Retry: Retryable}, // memory, disk or process IDs of the node are short
	"NodeLost":               {Fault: System, Retry: Retryable},
	"Shutdown":               {Fault: System, Retry: Retryable}, // of the node, before Kubernetes 1.22
	"NodeShutdown":           {Fault: System, Retry: Retryable},
	"Terminated":             {Fault: System, Retry: Retryable}, // the same, since Kubernetes 1.22
	"TerminationByKubelet":   {Fault: System, Retry: Retryable},
	"DeletionByTaintManager": {Fault: System, Retry: Retryable},
	"DeletionByPodGC":        {Fault: System, Retry: Retryable},
	"EvictionByEvictionAPI":  {Fault: System, Retry: Retryable}, // such as kubectl drain
	"PreemptionByScheduler":  {Fault: System, Retry: Retryable},
	"Preempting":             {Fault: System, Retry: Retryable},
	"Preempted":              {Fault: System, Retry: Retryable},
	"SpotInterruption":       {Fault: System, Retry: Retryable},
	"TerminationNotice":      {Fault: System, Retry: Retryable}, // ECS: of a Spot instance
	"InfrastructureHealth":   {Fault: System, Retry: Retryable},
	"ContainerStatusUnknown": {Fault: System, Retry: Retryable}, // the node has no record of the container
	"OutOfcpu":               {Fault: System, Retry: Retryable},
	"OutOfmemory":            {Fault: System, Retry: Retryable},
	"OutOfpods":              {Fault: System, Retry: Retryable},

	// It did not start. A volume, config map or secret may be created later.
	"UnexpectedAdmissionError":   {Fault: System, Retry: Retryable}, // a device of the node, such as a GPU
	"NodeAffinity":               {Fault: System, Retry: Retryable}, // another node may match
	"CreatePodSandboxError":      {Fault: System, Retry: Retryable},
	"ContainerCannotRun":         {Fault: System, Retry: Terminal}, // mostly the command is not in the image
	"StartError":                 {Fault: System, Retry: Terminal}, // the same, of containerd
	"RunContainerError":          {Fault: System, Retry: Undecided},
	"CreateContainerError":       {Fault: System, Retry: Undecided},
	"CreateContainerConfigError": {Fault: System, Retry: Undecided},
	"InvalidImageName":           {Fault: User, Retry: Terminal},
	"ErrImageNeverPull":          {Fault: System, Retry: Terminal}, // the node does not have the image
	"ImageInspectError":          {Fault: System, Retry: Undecided},
	"ErrImagePull":               {Fault: Dependency, Retry: Undecided}, // the registry does not answer, or does not have it
	"ImagePullBackOff":           {Fault: Dependency, Retry: Undecided},
	"RegistryUnavailable":        {Fault: Dependency, Retry: Retryable},
}
