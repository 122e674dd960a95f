package evidence

import "github.com/failure-enrichers/enricher/internal/evidence/inspect"

// cloudClients are clients of clouds that keep more codes than one.
var cloudClients = client{
	paths: []string{"github.com/gophercloud/gophercloud", "github.com/aws/aws-sdk-go", "github.com/aws/aws-sdk-go-v2", "github.com/aws/smithy-go", "github.com/Azure/azure-sdk-for-go", "github.com/Azure/go-autorest"},
	judge: func(v *Verdict, err error) {
		if reasons, ok := inspect.Field(err, "CancellationReasons"); ok { // of a transaction of DynamoDB
			for i := range min(reasons.Len(), maxInner) {
				if code, ok := inspect.String(reasons.Index(i).Interface(), "Code"); ok && code != "None" {
					v.word(code, code)
				}
			}
		}
	},
}

// cloudWords are codes of clouds that say more than the status they come with. A code
// with a dot is looked up without what follows it as well. Those that many clouds
// have are in the first rows, then those of AWS, Azure (Microsoft), Google, and of Alibaba,
// Tencent and Huawei.
var cloudWords = &Table{
	Kind: CloudCode, Title: "Code of a service of a cloud", Weight: Specific,
	Source: "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html", // and those in the comments
	Rows: []Row{
		// https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
		{Dependency, Retryable, "BandwidthLimitExceeded EC2ThrottledException PriorRequestNotComplete ProvisionedThroughputExceededException ProvisionedThroughputExceeded RequestLimitExceeded RequestThrottled RequestThrottledException RequestTimeout " +
			"RequestTimeoutException SlowDown ThrottledException Throttling ThrottlingException ThrottlingError TooManyRequestsException TooManyRequests TransactionInProgressException ThroughputExceededException ThroughputExceeded IDPCommunicationError " +
			"InternalError InternalFailure InternalServerError InternalServerException InternalServiceError InternalServiceException ServiceUnavailable ServiceUnavailableException ServiceException ServerException ServiceFailure ServerError Unavailable UnavailableException XMinioServerNotInitialized HttpConnectionTimeout " +
			"DependencyFailureException OperationAborted TransactionConflict TransactionConflictException ConcurrentModificationException ConcurrentModification ConcurrentUpdateException ItemCollectionLocked ReplicatedWriteConflictException OptimisticLockException " +
			"KMSThrottlingException KMSInternalException KinesisThrottled ConditionalRequestConflict IncompleteBody XAmzContentChecksumMismatch BadDigest InvalidArgument.Concurrent EndpointConnectionError InsufficientCapacity InsufficientInstanceCapacity InsufficientHostCapacity InsufficientReservedInstanceCapacity " +
			"InsufficientAddressCapacity InsufficientDBInstanceCapacity CapacityNotAvailable ModelNotReadyException ModelTimeoutException ModelStreamErrorException ResourceInUseException ResourceNotReadyException ResourceInUse EC2UnexpectedException EC2AccessThrottled ENILimitReachedException " +
			"SnapStartTimeoutException SnapStartNotReadyException EFSMountTimeoutException EFSMountConnectivityException EFSIOException CodeArtifactUserPending ReservedInstanceCapacity DBInstanceBusy InvalidDBInstanceState InvalidDBClusterStateFault LockedException Server.Unavailable Client.RequestLimitExceeded " +
			"TooManyInvalidationsInProgress TableInUse StreamDescriptorNotReady QueueDeletedRecently AWS.SimpleQueueService.QueueDeletedRecently InvalidParameterException.Concurrent SubscriptionPendingAcceptance MaxSpotInstanceCountExceeded PendingVerification " +
			"OverLimit PurgeQueueInProgress ConcurrentRunsExceededException ExpiredIteratorException InvalidSequenceTokenException EntityTemporarilyUnmodifiable BackupInUseException OperationInProgressException KeyUnavailableException DependencyTimeoutException ClientLimitExceededException"},
		{Dependency, Retryable, "RequestTimeTooSkewed RequestInTheFuture AuthFailure.SignatureExpire SignatureExpired InvalidTimeStamp.Expired RequestExpired TimestampOutOfRange"},
		{Dependency, Undecided, "ExpiredToken ExpiredTokenException TokenRefreshRequired LimitExceededException LimitExceeded ServiceQuotaExceededException QuotaExceeded QuotaExceededException ResourceLimitExceeded ResourceLimitExceededException AccountLimitExceeded InstanceLimitExceeded " +
			"VcpuLimitExceeded AddressLimitExceeded VolumeLimitExceeded SnapshotLimitExceeded MaxIOPSLimitExceeded DailyQuotaExceeded TooManyBuckets Conflict ConflictException ResourceConflictException OperationNotPermittedException TransactionCanceledException TransactionCanceled " +
			"InvalidSignatureException InvalidState InvalidStateException IncorrectState IncorrectInstanceState XMinioStorageFull XMinioAdminBucketQuotaExceeded DeleteConflict StorageFull DependencyViolation"},
		{Dependency, Terminal, "AccessDenied AccessDeniedException AccessDeniedFault AccountProblem AllAccessDisabled AuthFailure AuthorizationError AuthorizationErrorException AuthorizationFailed Blocked Forbidden ForbiddenException IncompleteSignature IncompleteSignatureException InvalidAccessKeyId InvalidClientTokenId " +
			"InvalidToken InvalidSecurity InvalidPayer KMSAccessDeniedException KMSDisabledException KMSInvalidStateException KMSNotFoundException KMS.DisabledException KMS.KMSInvalidStateException KMS.NotFoundException MissingAuthenticationToken MissingAuthenticationTokenException NotAuthorized NotAuthorizedException NotSignedUp OptInRequired SignatureDoesNotMatch SubscriptionRequiredException UnauthorizedException " +
			"Unauthorized UnauthorizedOperation UnrecognizedClient UnrecognizedClientException UnknownOperationException UnsupportedOperation UnsupportedOperationException NotImplemented AuthenticationFailed AccountSendingPausedException MethodNotAllowed PermanentRedirect AuthorizationHeaderMalformed IllegalLocationConstraintException"},
		{User, Terminal, "ValidationException ValidationError InvalidParameter InvalidParameterException InvalidParameterValue InvalidParameterValueException InvalidParameterCombination InvalidRequest InvalidRequestException InvalidArgument InvalidArgumentException InvalidInput InvalidInputException InvalidURI InvalidRange InvalidPart InvalidPartOrder InvalidObjectName " +
			"InvalidBucketName InvalidObjectState InvalidContentType InvalidQueryParameter InvalidAction InvalidDigest BadRequest BadRequestException BadRequestError MalformedQueryString MalformedXML MalformedPolicyDocument MalformedPolicyDocumentException MalformedInput MissingParameter MissingRequiredParameter MissingAction SerializationException ParamValidationError " +
			"EntityTooLarge EntityTooSmall KeyTooLongError KeyTooLong RequestEntityTooLarge RequestTooLarge RequestTooLargeException PayloadTooLarge MaxMessageLengthExceeded MessageTooLong BatchRequestTooLong MetadataTooLarge ItemCollectionSizeLimitExceededException " +
			"NoSuchKey NoSuchBucket NoSuchUpload NoSuchVersion NoSuchEntity NoSuchEntityException NoSuchBucketPolicy NoSuchTagSet NoSuchLifecycleConfiguration NoSuchHostedZone NotFound NotFoundException ResourceNotFound ResourceNotFoundException ResourceNotFoundFault EntityNotFoundException EntityDoesNotExist NonExistentQueue QueueDoesNotExist AWS.SimpleQueueService.NonExistentQueue TableNotFoundException " +
			"ParameterNotFound ImageNotFoundException RepositoryNotFoundException FunctionNotFound SecretNotFound StateMachineDoesNotExist ExecutionDoesNotExist DBInstanceNotFound DBInstanceNotFoundFault BackupNotFoundException InvalidInstanceID InvalidAMIID InvalidGroup InvalidSubnetID InvalidVolume InvalidVpcID InvalidSnapshot InvalidKeyPair " +
			"AlreadyExists AlreadyExistsException EntityAlreadyExists EntityAlreadyExistsException BucketAlreadyExists BucketAlreadyOwnedByYou ResourceAlreadyExists ResourceAlreadyExistsException ResourceExistsException QueueAlreadyExists ExecutionAlreadyExists DuplicateItem DuplicateItemException DuplicateRequest InvalidPermission " +
			"IdempotentParameterMismatch IdempotentParameterMismatchException IdempotencyParameterMismatch InvalidKMSResource MessageRejected MailFromDomainNotVerifiedException MessageNotInflight ReceiptHandleIsInvalid InvalidMessageContents InvalidBatchEntryId InvalidDocument ModelErrorException ParseError UnsupportedMediaType UnsupportedMediaTypeException ContentTypeMismatch"},
		// A concurrent change, or it exists already.
		{User, Undecided, "ConditionalCheckFailed ConditionalCheckFailedException PreconditionFailed ConditionNotMet SourceConditionNotMet TargetConditionNotMet UpdateConditionNotSatisfied conditionNotMet"},
		// https://learn.microsoft.com/rest/api/storageservices/common-rest-api-error-codes
		{Dependency, Retryable, "RetryableError ServerBusy ServerTimeout OperationTimedOut OperationTimeout GatewayTimeout AnotherOperationInProgress OperationPreempted SubscriptionRequestsThrottled LeaseAlreadyPresent LeaseIsBreakingAndCannotBeAcquired ContainerBeingDeleted QueueBeingDeleted ShareBeingDeleted TableBeingDeleted ContainerDisabled " +
			"ResourceGroupBeingDeleted AllocationFailed ZonalAllocationFailed OverconstrainedAllocationRequest ReferencedResourceNotProvisioned RetryableErrorDueToAnotherOperation ServiceTimeout RequestRateTooLarge TooManyRequestsError StorageAccountOperationInProgress CanceledAndSupersededDueToAnotherOperation ResourceIsBusy ServiceBusy InternalExecutionError NetworkingInternalOperationError"},
		{Dependency, Undecided, "LeaseIdMissing LeaseLost LeaseNotPresentWithBlobOperation LeaseIdMismatchWithBlobOperation SkuNotAvailable ResourceQuotaExceeded QuotaLimitReached OperationNotAllowed PublicIPCountLimitReached ScopeLocked " +
			"Gone"},
		{Dependency, Terminal, "AuthorizationFailure AuthorizationPermissionMismatch AuthorizationSourceIPMismatch AuthorizationProtocolMismatch InsufficientAccountPermissions InvalidAuthenticationInfo InvalidAuthenticationToken InvalidAuthenticationTokenTenant ExpiredAuthenticationToken AccountIsDisabled LinkedAuthorizationFailed RequestDisallowedByPolicy AuthorizationResourceTypeMismatch AuthorizationServiceMismatch NoAuthenticationInformation DisallowedOperation ReadOnlyDisabledSubscription SubscriptionNotFound SubscriptionNotRegistered MissingSubscriptionRegistration"},
		{User, Terminal, "BlobNotFound BlobAlreadyExists BlobArchived BlobTypeMismatch ContainerNotFound ContainerAlreadyExists ContainerNotFoundException QueueNotFound MessageNotFound ShareNotFound TableNotFound TableAlreadyExists EntityTooLargeException PropertyValueTooLarge InvalidBlobType InvalidBlockId InvalidBlockList InvalidHeaderValue InvalidMd5 Md5Mismatch InvalidResourceName InvalidQueryParameterValue InvalidTemplate InvalidTemplateDeployment InvalidRequestFormat InvalidRequestContent InvalidResourceReference InvalidXmlDocument InvalidXmlNodeValue " +
			"MissingRequiredHeader MissingRequiredQueryParameter OutOfRangeInput OutOfRangeQueryParameterValue RequestBodyTooLarge RequestUrlFailedToParse UnsupportedHeader UnsupportedHttpVerb ResourceGroupNotFound ParentResourceNotFound InvalidApiVersionParameter ResourceTypeMismatch EntityNotFound PropertiesNeedValue InvalidDeployment KeyVaultErrorNotFound SecretDisabled"},
		// https://cloud.google.com/storage/docs/json_api/v1/status-codes, https://cloud.google.com/bigquery/docs/error-messages, https://cloud.google.com/apis/design/errors
		{Dependency, Retryable, "rateLimitExceeded userRateLimitExceeded jobRateLimitExceeded concurrentLimitExceeded RATE_LIMIT_EXCEEDED backendError internalError jobInternalError jobBackendError serverError tableUnavailable resourceInUse resourceNotReady servingLimitExceeded transient operationInProgress RESOURCE_OPERATION_RATE_EXCEEDED resourceInUseByAnotherResource ZONE_RESOURCE_POOL_EXHAUSTED ZONE_RESOURCE_POOL_EXHAUSTED_WITH_DETAILS RESOURCE_POOL_EXHAUSTED DEADLINE_EXCEEDED UNAVAILABLE ABORTED RESOURCE_EXHAUSTED SERVICE_UNAVAILABLE variableTermLimitExceeded sharingRateLimitExceeded"},
		{Dependency, Undecided, "quotaExceeded resourcesExceeded billingTierLimitExceeded INTERNAL timeout QUOTA_EXCEEDED dailyLimitExceededUnreg RESOURCE_QUOTA_EXCEEDED"},
		{Dependency, Terminal, "accessDenied forbidden insufficientPermissions insufficientFilePermissions required authError dailyLimitExceeded billingNotEnabled billingDisabled BILLING_DISABLED accessNotConfigured SERVICE_DISABLED API_KEY_INVALID API_KEY_SERVICE_BLOCKED ACCESS_TOKEN_EXPIRED ACCESS_TOKEN_SCOPE_INSUFFICIENT ACCESS_TOKEN_TYPE_UNSUPPORTED IAM_PERMISSION_DENIED CREDENTIALS_MISSING ACCOUNT_STATE_INVALID USER_PROJECT_DENIED CONSUMER_INVALID CONSUMER_SUSPENDED accountDisabled keyInvalid keyExpired ipRefererBlocked storageQuotaExceeded PERMISSION_DENIED UNAUTHENTICATED UNIMPLEMENTED DATA_LOSS domainPolicy appNotAuthorizedToFile"},
		{User, Terminal, "notFound duplicate invalid invalidQuery invalidParameter badRequest parseError invalidValue invalidSharingRequest responseTooLarge fieldRequired requiredParameter alreadyExists tooLarge uploadTooLarge queryParameterRequired invalidArgument FAILED_PRECONDITION INVALID_ARGUMENT NOT_FOUND ALREADY_EXISTS OUT_OF_RANGE"},
		{Cancelled, Undecided, "CANCELLED"},
		// Alibaba: https://api.alibabacloud.com/document/Ecs/2014-05-26/errorCode, Tencent: https://www.tencentcloud.com/document/api/213/31578
		{Dependency, Retryable, "SystemBusy ServiceIsStopping LastTokenProcessing OperationConflict LockTimeout InternalServerErrorException OperationFailed.LastTokenProcessing TaskConflict RequestThrottling FlowControl QpsLimitExceeded ResourceInsufficient ResourceUnavailable FailedOperation.TryAgain FlowLimit ResourceBusy IncorrectVpcStatus IncorrectVSwitchStatus IncorrectRouteEntryStatus IncorrectDiskStatus Operation.Conflict ClientError.NetworkError"},
		{Dependency, Undecided, "QuotaFull ResourcesSoldOut FailedOperation OperationDenied IncorrectStatus IncorrectInstanceStatus IncorrectEipStatus IncorrectHaVipStatus IncorrectDBInstanceState InvalidInstanceStatus InvalidStatus InsufficientBalance Zone.NotOnSale OutOfUsage"},
		{Dependency, Terminal, "NoPermission Forbidden.RAM InvalidAccessKeyId.NotFound InvalidAccessKeyId.Inactive InvalidSecurityToken UnauthorizedOperation.CamNoAuth AccountArrears OverdueArrears InsufficientBalance.Account UnsupportedRegion UserDisable InactiveAccount APIGW.0301 APIGW.0303"},
		{User, Terminal, "MissingParam InvalidParam ParamError IllegalParameter InvalidResourceId InvalidRegionId InvalidInstanceId InvalidVSwitchId InvalidVpcId InvalidDiskId"},
		// Oracle: https://docs.oracle.com/iaas/Content/API/References/apierrors.htm
		{Dependency, Undecided, "InvalidatedRetryToken ExternalServerIncorrectState NoEtagMatch"},
		{Dependency, Terminal, "NotAuthenticated NotAuthorizedOrNotFound NotAuthorizedOrResourceAlreadyExists RelatedResourceNotAuthorizedOrNotFound InsufficientServicePermissions SignUpRequired"},
		{User, Terminal, "CannotParseRequest"},
		// Databricks: https://docs.databricks.com/aws/en/error-messages
		{Dependency, Retryable, "TEMPORARILY_UNAVAILABLE WORKSPACE_TEMPORARILY_UNAVAILABLE REQUEST_LIMIT_EXCEEDED RESOURCE_CONFLICT INTERNAL_ERROR IO_ERROR MAINTENANCE CLUSTER_NOT_READY"},
		{Dependency, Undecided, "MAX_LIST_SIZE_EXCEEDED INVALID_STATE CANCELLED_BY_SERVER RESOURCE_LIMIT_EXCEEDED UNKNOWN_ERROR"},
		{Dependency, Terminal, "CUSTOMER_UNAUTHORIZED FEATURE_DISABLED NOT_IMPLEMENTED ENDPOINT_NOT_FOUND"},
		{User, Terminal, "RESOURCE_DOES_NOT_EXIST RESOURCE_ALREADY_EXISTS INVALID_PARAMETER_VALUE MALFORMED_REQUEST BAD_REQUEST MAX_BLOCK_SIZE_EXCEEDED MAX_READ_SIZE_EXCEEDED DRY_RUN_FAILED FEATURE_NOT_FOUND PARSE_ERROR CATALOG_DOES_NOT_EXIST SCHEMA_DOES_NOT_EXIST TABLE_DOES_NOT_EXIST"},
		// Registries of containers: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#error-codes
		{Dependency, Retryable, "TOOMANYREQUESTS BLOB_UPLOAD_UNKNOWN BLOB_UPLOAD_INVALID"},
		{Dependency, Terminal, "UNAUTHORIZED DENIED UNSUPPORTED"},
		{User, Terminal, "MANIFEST_UNKNOWN MANIFEST_INVALID MANIFEST_BLOB_UNKNOWN BLOB_UNKNOWN NAME_UNKNOWN NAME_INVALID TAG_INVALID DIGEST_INVALID SIZE_INVALID PAGINATION_NUMBER_INVALID"},
	},
}
