package evidence

import "github.com/failure-enrichers/enricher/internal/evidence/inspect"

// pulsarClients have the number of the result behind a method Result.
var pulsarClients = client{
	paths: []string{"github.com/apache/pulsar-client-go"},
	judge: func(v *Verdict, err error) {
		if n, ok := inspect.Result(err, "Result"); ok {
			v.add(pulsar.number(n))
		}
	},
}

var pulsar = &Table{
	Kind: PulsarResult, Title: "Result of the client of Pulsar",
	Source: "https://github.com/apache/pulsar-client-go/blob/master/pulsar/error.go",
	Rows: []Row{
		{Dependency, Retryable, "3=TimeoutError 4=LookupError 5=ConnectError 6=ReadError 10=BrokerMetadataError 11=BrokerPersistenceError 13=ConsumerBusy 14=NotConnectedError 19=TooManyLookupRequestException 22=ServiceUnitNotReady " +
			"24=ProducerBlockedQuotaExceededError 25=ProducerBlockedQuotaExceededException 26=ProducerQueueIsFull 42=ClientMemoryBufferIsFull 44=MaxConcurrentOperationsReached"},
		{Dependency, Undecided, "1=UnknownError 12=ChecksumError 32=TopicTerminated 37=SeekFailed 40=InvalidStatus 41=TransactionNoFoundError 43=ProducerFenced 45=TransactionCoordinatorNotEnabled"},
		{Dependency, Terminal, "7=AuthenticationError 8=AuthorizationError 9=ErrorGettingAuthenticationData 23=OperationNotSupported 31=UnsupportedVersionError"},
		{System, Undecided, "15=AlreadyClosedError 17=ConsumerNotInitialized 18=ProducerNotInitialized 34=ConsumerClosed 38=ProducerClosed"},
		{User, Terminal, "2=InvalidConfiguration 16=InvalidMessage 20=InvalidTopicName 21=InvalidURL 27=MessageTooBig 28=TopicNotFound 29=SubscriptionNotFound 39=SchemaFailure"},
	},
}
