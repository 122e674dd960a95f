//go:build linux

package corpustest

import "fmt"

// unseen are failures of jobs in production, chosen by somebody who knew what
// the labels mean and nothing about how they are found. What is expected of
// each, and why, is in testdata/unseen.json.
var unseen = []provocation{
	{"smtp-mailbox-unknown", unseenMailboxUnknown},
	{"smtp-greylisted", unseenGreylisted},
	{"daemon-socket-missing", unseenSocketMissing},
	{"worker-port-taken", unseenPortTaken},
	{"ldap-answer-late", unseenAnswerLate},
	{"mx-lookup-servfail", unseenLookupServfail},
	{"webhook-host-unknown", unseenHostUnknown},
	{"payment-api-timeout", unseenClientTimeout},
	{"http2-stream-reset", unseenStreamReset},
	{"partner-certificate-expired", unseenCertificateExpired},
	{"tls-to-plaintext-port", unseenPlaintextPort},

	{"geocoder-503", unseenGeocoderDown},
	{"tax-service-422", unseenTaxProblem},
	{"crm-contact-404", unseenContactGone},
	{"billing-429-joined", unseenBillingThrottled},
	{"upload-over-limit", unseenUploadOverLimit},
	{"callback-url-scheme", unseenCallbackScheme},
	{"s3-slow-down", unseenObjectStoreSlowDown},

	{"grpc-inventory-unreachable", unseenInventoryUnreachable},
	{"grpc-label-invalid", unseenLabelInvalid},
	{"grpc-call-abandoned", unseenCallAbandoned},

	{"sqlite-order-duplicate", unseenOrderDuplicate},
	{"sqlite-database-locked", unseenDatabaseLocked},
	{"sqlite-database-full", unseenDatabaseFull},
	{"pgx-serialization", unseenSerialization},
	{"pgx-batch-out-of-range", unseenBatchOutOfRange},
	{"pq-backend-terminated", unseenBackendTerminated},
	{"mysql-too-many-connections", unseenTooManyConnections},
	{"redis-out-of-memory", unseenRedisFull},

	{"archive-disk-full", unseenDiskFull},
	{"input-file-missing", unseenInputMissing},
	{"export-name-too-long", unseenNameTooLong},
	{"publish-across-devices", unseenAcrossDevices},
	{"index-no-memory", unseenNoMemory},
	{"transcoder-not-installed", unseenNotInstalled},
	{"renderer-killed", unseenRendererKilled},
	{"converter-exit-1", unseenConverterFailed},

	{"manifest-field-type", unseenManifestType},
	{"csv-row-short", unseenRowShort},
	{"bundle-no-zip", unseenNoZip},
	{"attachments-no-base64", unseenNoBase64},
	{"report-template-field", unseenTemplateField},
	{"parameters-joined", unseenParameters},

	{"rollup-deadline", unseenRollupDeadline},
	{"export-cancelled-in-flight", unseenCancelledInFlight},
	{"drain-with-cause", unseenDrained},

	{"panic-nil-map", unseenNilMap},
	{"panic-must-compile", unseenMustCompile},

	{"ledger-sentinel", unseenMonthClosed},
	{"lease-lost-retryable", unseenLeaseLost},
}

// unseenStepError is how a workflow engine says which step it was.
type unseenStepError struct {
	Workflow string
	Step     int
	Err      error
}

func (e *unseenStepError) Error() string {
	return fmt.Sprintf("%s: step %d: %v", e.Workflow, e.Step, e.Err)
}

func (e *unseenStepError) Unwrap() error { return e.Err }
