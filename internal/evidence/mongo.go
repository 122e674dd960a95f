package evidence

import (
	"reflect"
	"strconv"

	"github.com/failure-enrichers/enricher/internal/evidence/inspect"
)

// mongoClients have a code in an error of a command, and one for each failed write.
var mongoClients = client{
	paths:     []string{"go.mongodb.org/mongo-driver", "github.com/globalsign/mgo", "gopkg.in/mgo.v2"},
	ownFields: true,
	judge: func(v *Verdict, err error) {
		for _, path := range []string{"WriteErrors", "WriteConcernError", "WriteConcernErrors"} {
			field, ok := inspect.Field(err, path)
			if !ok {
				continue
			}
			if field.Kind() != reflect.Slice {
				v.ofMongoNumber(field.Interface())
				continue
			}
			for i := range min(field.Len(), maxInner) {
				v.ofMongoNumber(field.Index(i).Interface())
			}
		}
		v.ofMongoNumber(err)
	},
}

func (v *Verdict) ofMongoNumber(from any) {
	if n, ok := inspect.Int(from, "Code", "WriteError.Code"); ok && n != 0 {
		v.add(mongo.number(n))
	}
}

func (v *Verdict) ofMongo(codes ...int) {
	for _, code := range codes[:min(len(codes), maxInner)] {
		v.add(mongo.number(int64(code)))
	}
}

// mongoRetries are the labels with which a server or driver says that the same can
// be tried again, see https://www.mongodb.com/docs/manual/core/transactions-in-applications.
var mongoRetries = []string{"RetryableWriteError", "RetryableReadError", "TransientTransactionError", "UnknownTransactionCommitResult", "ResumableChangeStreamError", "SystemOverloadedError", "RetryableError", "NetworkError"}

func (v *Verdict) ofMongoLabels(has func(string) bool) {
	for _, label := range mongoRetries {
		if has(label) {
			v.add(Evidence{Weight: Author, Retry: Retryable, Why: "the label " + strconv.Quote(label)})
			v.add(says(Generic, Dependency, Retryable, "the label "+strconv.Quote(label)))
			return
		}
	}
}

var mongo = &Table{
	Kind: MongoCode, Title: "Error code of MongoDB",
	Source: "https://www.mongodb.com/docs/manual/reference/error-codes",
	Rows: []Row{
		{Dependency, Retryable, "6=HostUnreachable 7=HostNotFound 24=LockTimeout 36=CursorInUse 43=CursorNotFound 46=LockBusy 63=StaleShardVersion 70=ShardNotFound 89=NetworkTimeout 91=ShutdownInProgress " +
			"107=LockFailed 112=WriteConflict 117=ConflictingOperationInProgress 133=FailedToSatisfyReadPreference 134=ReadConcernMajorityNotAvailableYet 136=CappedPositionLost " +
			"148=ReadConcernMajorityNotEnabled 150=StaleEpoch 175=QueryPlanKilled 189=PrimarySteppedDown 202=NetworkInterfaceExceededTimeLimit 225=TransactionTooOld 234=RetryChangeStream " +
			"237=CursorKilled 239=SnapshotTooOld 244=TransactionAborted 246=SnapshotUnavailable 249=StaleChunkHistory 251=NoSuchTransaction 262=ExceededTimeLimit " +
			"266=TemporarilyUnavailable_old 267=PreparedTransactionInProgress 273=ShardCannotRefreshDueToLocksHeld 279=ClientDisconnect 290=TransactionExceededLifetimeLimitSeconds " +
			"317=ConnectionPoolExpired 46841=ClientMarkedKilled 365=TemporarilyUnavailable 384=ConnectionError 391=ReauthenticationRequired 402=PooledConnectionAcquisitionExceededTimeLimit " +
			"412=UpdatesStillPending 433=AdmissionQueueOverflow 462=IngressRequestRateLimitExceeded 9001=SocketException 10003=CannotGrowDocumentInCappedNamespace 10107=NotWritablePrimary 11600=InterruptedAtShutdown " +
			"11602=InterruptedDueToReplStateChange 13388=StaleConfig 13435=NotPrimaryNoSecondaryOk 13436=NotPrimaryOrSecondary 16500=RequestRateTooLarge"}, // 16500 is that of Azure Cosmos DB
		{Dependency, Undecided, "1=InternalError 8=UnknownError 50=MaxTimeMSExpired 64=WriteConcernFailed 96=OperationFailed 100=UnsatisfiableWriteConcern 8000=AtlasError 14031=OutOfDiskSpace"},
		{Dependency, Terminal, "11=UserNotFound 13=Unauthorized 18=AuthenticationFailed 31=RoleNotFound 59=CommandNotFound 115=CommandNotSupported 238=NotImplemented 263=OperationNotSupportedInTransaction 303=Unsupported 323=APIVersionError"},
		{User, Terminal, "2=BadValue 4=NoSuchKey 5=GraphContainsCycle 9=FailedToParse 10=CannotMutateObject 14=TypeMismatch 15=Overflow 16=InvalidLength 17=ProtocolError 20=IllegalOperation 21=EmptyArrayOperation " +
			"22=InvalidBSON 26=NamespaceNotFound 27=IndexNotFound 28=PathNotViable 29=NonExistentPath 32=RolesNotRelated 40=ConflictingUpdateOperators 48=NamespaceExists 51=UnsupportedFormat " +
			"52=DollarPrefixedFieldName 53=InvalidIdField 54=NotSingleValueField 55=InvalidDBRef 56=EmptyFieldName 57=DottedFieldName 66=ImmutableField 67=CannotCreateIndex " +
			"68=IndexAlreadyExists 72=InvalidOptions 73=InvalidNamespace 85=IndexOptionsConflict 86=IndexKeySpecsConflict 103=NewReplicaSetConfigurationIncompatible 121=DocumentValidationFailure 146=ExceededMemoryLimit " +
			"166=CommandNotSupportedOnView 168=InvalidPipelineOperator 171=CannotIndexParallelArrays 181=AmbiguousIndexKeyPattern 197=InvalidIndexSpecificationOption 241=ConversionFailure 292=QueryExceededMemoryLimitNoDiskUseAllowed " +
			"293=QueryTrapped 10334=BSONObjectTooLarge 11000=DuplicateKey 11001=DuplicateKey 12582=DuplicateKey 16755=CannotIndexGeometry 16837=BadUpdate 17280=KeyTooLong 17419=DocumentTooLarge 17420=DocumentTooLarge 31249=PathCollision " +
			"40324=UnrecognizedPipelineStage 40352=FieldPathEmpty 40353=FieldPathTrailingDot 40414=MissingField 40415=UnknownField 51024=ValueOutOfRange 51091=RegexInvalid"},
		{Cancelled, Undecided, "11601=Interrupted"},
	},
}
