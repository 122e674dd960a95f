//go:build linux

package corpustest

import (
	"errors"
	"fmt"
	"slices"
	"testing"
)

// batch are failures out of the public bug reports of job managers, batch systems, backup
// tools and operators. What is expected of each was written down before the enrichers were
// run on them, which were improved with it later, and is in testdata/batch.json with its
// source. Those in batchTexts have only a text, as it was reported.
var batch = slices.Concat(
	batchOwn,
	batchClients,
	batchClouds,
	batchTexts,
	batchLater,
)

var batchTexts = texts(map[string]string{
	"text/benthos-not-connected":   "failed to send message to http_client: not connected to target source or sink",
	"text/restic-disk-full":        `Fatal: unable to save snapshot: failed to save blob from file "/srv/data/.git/objects/05": Write: write /tmp/restic-temp-pack-1403529651: no space left on device`,
	"text/restic-corruption":       "unable to save snapshot: Detected data corruption while saving blob 7930fd99f13c819661bab872ccaab88dca87d35bf435b7767808118bf3e5b6a0: hash mismatch. Corrupted blobs are either caused by hardware issues or software bugs. Please open an issue at https://github.com/restic/restic/issues/new/choose for further troubleshooting.",
	"text/restic-locked":           "unable to create lock in backend: repository is already locked exclusively by PID 38 on 328444606c34 by root (UID 0, GID 0)\nlock was created at 2024-08-11 01:24:09 (157h27m18.430047717s ago)\nstorage ID b59ca5ec\nthe `unlock` command can be used to remove stale locks",
	"text/runner-exit-255":         "prepare environment: exit code 255. Check https://docs.gitlab.com/runner/shells/index.html#shell-profile-loading for more information",
	"text/runner-helper-gone":      `prepare environment: unable to upgrade connection: container not found ("helper"). Check https://docs.gitlab.com/runner/shells/index.html#shell-profile-loading for more information`,
	"text/runner-daemon-down":      "Cannot connect to the Docker daemon at tcp://172.31.7.97:2376. Is the docker daemon running? (executor_docker.go:967:60s)",
	"text/runner-no-machine":       `exec: "docker-machine": executable file not found in $PATH`,
	"text/telegraf-no-address":     "could not write any address",
	"text/telegraf-client-timeout": `failed doing req: Post "http://pi5:8086/write?db=telegraf": context deadline exceeded (Client.Timeout exceeded while awaiting headers)`,
	"text/telegraf-lookup":         "Post http://grafana.s.com:8086/write?db=infra-sft: dial tcp: lookup grafana.s.com on 172.16.0.198:53: read udp 192.168.1.181:58494->172.16.0.198:53: i/o timeout",
	"text/cockroach-liveness":      "importing fixture: importing table order_line: pq: job 429370331201077249: node liveness error: restarting in background",
	"text/cockroach-cancelled":     `pq: importing 16384 ranges: addsstable [/Table/51/1/308545151115299878/"63da286c-4b62-4add-88b3-067569190d7e"/14671724/0,/Table/51/1/308572729877263901/"d7e91361-dc3b-4d60-b301-47d23bb7b396"/10034514/0/NULL): context canceled`,
	"text/crossplane-pending":      "cannot determine creation result - remove the crossplane.io/external-create-pending annotation if it is safe to proceed",
	"text/velero-wait":             "timed out waiting for all PodVolumeBackups to complete",
	"text/tekton-timeout":          `TaskRun "taskrun-that-runs-for-longz4wqz" failed to finish within "30s"`,
	"text/argo-pod-deleted":        "pod deleted",
	"text/nomad-parameter":         "failed to launch command with executor: rpc error: code = Unknown desc = failed to create stdout: The parameter is incorrect.",
	"text/nomad-plugin":            "failed to start plugin: failed to get plugin info for plugin: plugin is shut down",
	"text/argocd-connection-closed": "failed to generate manifest for source 1 of 1: rpc error: code = Unknown desc = failed to initialize repository resources: rpc error: code = Internal desc = Failed to fetch default: " +
		"`git fetch origin --tags --force --prune` failed exit status 128: kex_exchange_identification: Connection closed by remote host Connection closed by 10.2.3.4 port 22 fatal: Could not read from remote repository.",
	"text/argocd-public-key":       "`git fetch origin --tags --force --prune` failed exit status 128: git@github.com: Permission denied (publickey).",
	"text/kubelet-eviction":        "The node was low on resource: ephemeral-storage. Container docker was using 324Ki, which exceeds its request of 0. Container runner was using 104Ki, which exceeds its request of 0.",
	"text/kopia-no-repository":     "unable to initialize repository: error opening repository: unable to open repository: unable to read format blob: error getting kopia.repository blob: BLOB not found",
	"text/temporal-no-activity":    "unable to find activityType=downloadFileActivity. Supported types: [internalSessionCompletionActivity, internalSessionCreationActivity]",
	"text/databricks-bootstrap":    "cannot create cluster: 0303-131037-qid874qx is not able to transition from TERMINATED to RUNNING: Self-bootstrap failure during launch. Please try again later and contact Databricks if the problem persists. Termination info: code: SELF_BOOTSTRAP_FAILURE, type: , parameters: map[databricks_error_message:Self-bootstrap failure during launch. Please try again later and contact Databricks if the problem persists. Node daemon fast failed and did not answer ping for instance 04387a5e9e4a4328b335937bb7db2e10]",
	"text/databricks-parameter":    `status 400: err Response from server {"error_code":"INVALID_PARAMETER_VALUE","message":"Delegate unexpected exception during listing node types: com.databricks.backend.manager.util.UnknownWorkerEnvironmentException: Unknown worker environment WorkerEnvId(workerenv-3375316063940170)"}`,
	"text/route53-throttling":      "failed to list hosted zones: Throttling: Rate exceeded\n\tstatus code: 400, request id: 1f4fa9f2-3d0c-4b1f-9a93-5d1f1f1d6c11",
	"text/terraform-dynamodb-lock": "Error acquiring the state lock: ConditionalCheckFailedException: The conditional request failed\nLock Info:\n  ID:        f9763602-b03f-e35c-da30-4083cdbb99ae\n  Path:      terraform-states/aws-data/terraform.tfstate\n  Operation: OperationTypeApply",
	"text/terraform-gcs-lock":      `writing "gs://myproject-terraform/primary/default.tflock" failed: googleapi: Error 412: At least one of the pre-conditions you specified did not hold., conditionNotMet`,
	"text/otelcol-queue-full":      "sending queue is full",
	"text/dagger-engine-killed":    `response from query: Post "http://:mem/query": command [docker exec -i dagger-engine-d522a778c2389390 buildctl dial-stdio] has exited with exit status 137, make sure the URL is valid, and Docker 18.09 or later is installed on the remote host: stderr=`,
})

// texts are failures that have nothing but these texts, by name.
func texts(byName map[string]string) []provocation {
	var all []provocation
	for name, text := range byName {
		all = append(all, provocation{name, func(*testing.T) error { return fmt.Errorf("run job: %w", errors.New(text)) }})
	}
	return all
}
