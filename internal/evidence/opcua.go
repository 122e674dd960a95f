package evidence

import (
	"fmt"
	"reflect"
)

// opcuaClients return the status code itself as an error.
var opcuaClients = client{
	paths: []string{"github.com/gopcua/opcua", "github.com/awcullen/opcua"},
	judge: func(v *Verdict, err error) {
		// The last two bytes tell details about a value.
		if value := reflect.ValueOf(err); value.Kind() == reflect.Uint32 && value.Uint() != 0 {
			v.add(opcua.answer(fmt.Sprintf("0x%08X", value.Uint()&0xFFFF0000)))
		}
	},
}

// opcua are the bad status codes. A node that is unknown may belong to a device that is
// not connected yet.
var opcua = &Table{
	Kind: OPCUAStatus, Title: "Status code of OPC UA",
	Source: "https://reference.opcfoundation.org/Core/Part6/v105/docs/A.2",
	Rows: []Row{
		{Dependency, Retryable, "0x80030000=OutOfMemory 0x80040000=ResourceUnavailable 0x80050000=CommunicationError 0x800A0000=Timeout 0x800C0000=Shutdown 0x800D0000=ServerNotConnected " +
			"0x800E0000=ServerHalted 0x80220000=SecureChannelIDInvalid 0x80250000=SessionIDInvalid 0x80260000=SessionClosed 0x80270000=SessionNotActivated " +
			"0x80310000=NoCommunication 0x80320000=WaitingForInitialData 0x80560000=TooManySessions 0x80780000=TooManyPublishRequests 0x807D0000=TCPServerTooBusy " +
			"0x807F0000=TCPSecureChannelUnknown 0x80810000=TCPNotEnoughResources 0x80840000=RequestInterrupted 0x80850000=RequestTimeout 0x80860000=SecureChannelClosed " +
			"0x80870000=SecureChannelTokenUnknown 0x80880000=SequenceNumberInvalid 0x808A0000=NotConnected 0x80970000=RefreshInProgress 0x80AC0000=ConnectionRejected " +
			"0x80AD0000=Disconnect 0x80AE0000=ConnectionClosed 0x80B20000=WaitingForResponse 0x80B50000=WouldBlock 0x80B70000=MaxConnectionsReached 0x80E80000=TransactionPending " +
			"0x80E90000=Locked 0x81130000=RequestNotComplete"},
		{Dependency, Undecided, "0x80010000=UnexpectedError 0x80020000=InternalError 0x80060000=EncodingError 0x80070000=DecodingError 0x80090000=UnknownResponse 0x80140000=CertificateTimeInvalid " +
			"0x80150000=CertificateIssuerTimeInvalid 0x801B0000=CertificateRevocationUnknown 0x801C0000=CertificateIssuerRevocationUnknown 0x80230000=InvalidTimestamp " +
			"0x80240000=NonceInvalid 0x80280000=SubscriptionIDInvalid 0x80340000=NodeIDUnknown 0x80370000=IndexRangeNoData 0x803B0000=NotWritable 0x803D0000=NotSupported " +
			"0x803E0000=NotFound 0x803F0000=ObjectDeleted 0x80420000=MonitoredItemIDInvalid 0x804A0000=ContinuationPointInvalid 0x804B0000=NoContinuationPoints " +
			"0x804E0000=NodeNotInView 0x804F0000=ServerURIInvalid 0x80500000=ServerNameMissing 0x80510000=DiscoveryURLMissing 0x80520000=SempahoreFileMissing " +
			"0x806B0000=ViewIDUnknown 0x806D0000=TooManyMatches 0x806F0000=NoMatch 0x80770000=TooManySubscriptions 0x80790000=NoSubscription 0x807A0000=SequenceNumberUnknown " +
			"0x807B0000=MessageNotAvailable 0x807C0000=InsufficientClientProfile 0x807E0000=TCPMessageTypeInvalid 0x80820000=TCPInternalError 0x80890000=ConfigurationError " +
			"0x808B0000=DeviceFailure 0x808C0000=SensorFailure 0x808D0000=OutOfService 0x80990000=ConditionDisabled 0x809A0000=EventIDUnknown 0x809B0000=NoData " +
			"0x809D0000=DataLost 0x809E0000=DataUnavailable 0x80A00000=NoEntryExists 0x80AF0000=InvalidState 0x80B00000=EndOfStream 0x80B10000=NoDataAvailable " +
			"0x80B30000=OperationAbandoned 0x80B40000=ExpectedStreamToBlock 0x80BB0000=EventNotAcknowledgeable 0x80BF0000=StateNotActive 0x80CD0000=DialogNotActive " +
			"0x80D20000=ConditionNotShelved 0x80D70000=BoundNotFound 0x80DB0000=TooManyMonitoredItems 0x80E10000=DominantValueChanged 0x80E30000=DependentValueChanged " +
			"0x80E40000=RequestNotAllowed 0x80E70000=DataSetIDInvalid 0x810F0000=LicenseLimitsExceeded 0x81100000=LicenseNotAvailable 0x81110000=NotExecutable " +
			"0x811F0000=TicketRequired 0x81200000=TicketInvalid"},
		{Dependency, Terminal, "0x800B0000=ServiceUnsupported 0x80120000=CertificateInvalid 0x80130000=SecurityChecksFailed 0x80160000=CertificateHostNameInvalid 0x80170000=CertificateURIInvalid " +
			"0x80180000=CertificateUseNotAllowed 0x80190000=CertificateIssuerUseNotAllowed 0x801A0000=CertificateUntrusted 0x801D0000=CertificateRevoked " +
			"0x801E0000=CertificateIssuerRevoked 0x801F0000=UserAccessDenied 0x80200000=IdentityTokenInvalid 0x80210000=IdentityTokenRejected 0x80400000=NotImplemented " +
			"0x80540000=SecurityModeRejected 0x80550000=SecurityPolicyRejected 0x80570000=UserSignatureInvalid 0x80580000=ApplicationSignatureInvalid " +
			"0x80590000=NoValidCertificates 0x80690000=NoDeleteRights 0x80BE0000=ProtocolVersionUnsupported 0x80C60000=IdentityChangeNotSupported " +
			"0x80E60000=SecurityModeInsufficient 0x810D0000=CertificateChainIncomplete 0x810E0000=LicenseExpired 0x81140000=CertificatePolicyCheckFailed"},
		{User, Terminal, "0x80080000=EncodingLimitsExceeded 0x800F0000=NothingToDo 0x80100000=TooManyOperations 0x80110000=DataTypeIDUnknown 0x802A0000=RequestHeaderInvalid " +
			"0x802B0000=TimestampsToReturnInvalid 0x80330000=NodeIDInvalid 0x80350000=AttributeIDInvalid 0x80360000=IndexRangeInvalid 0x80380000=DataEncodingInvalid " +
			"0x80390000=DataEncodingUnsupported 0x803A0000=NotReadable 0x803C0000=OutOfRange 0x80410000=MonitoringModeInvalid 0x80430000=MonitoredItemFilterInvalid " +
			"0x80440000=MonitoredItemFilterUnsupported 0x80450000=FilterNotAllowed 0x80460000=StructureMissing 0x80470000=EventFilterInvalid 0x80480000=ContentFilterInvalid " +
			"0x80490000=FilterOperandInvalid 0x804C0000=ReferenceTypeIDInvalid 0x804D0000=BrowseDirectionInvalid 0x80530000=RequestTypeInvalid 0x805B0000=ParentNodeIDInvalid " +
			"0x805C0000=ReferenceNotAllowed 0x805D0000=NodeIDRejected 0x805E0000=NodeIDExists 0x805F0000=NodeClassInvalid 0x80600000=BrowseNameInvalid " +
			"0x80610000=BrowseNameDuplicated 0x80620000=NodeAttributesInvalid 0x80630000=TypeDefinitionInvalid 0x80640000=SourceNodeIDInvalid 0x80650000=TargetNodeIDInvalid " +
			"0x80660000=DuplicateReferenceNotAllowed 0x80670000=InvalidSelfReference 0x80680000=ReferenceLocalOnly 0x806A0000=ServerIndexInvalid 0x806E0000=QueryTooComplex " +
			"0x80700000=MaxAgeInvalid 0x80710000=HistoryOperationInvalid 0x80720000=HistoryOperationUnsupported 0x80730000=WriteNotSupported 0x80740000=TypeMismatch " +
			"0x80750000=MethodInvalid 0x80760000=ArgumentsMissing 0x80800000=TCPMessageTooLarge 0x80830000=TCPEndpointURLInvalid 0x808E0000=DeadbandFilterInvalid " +
			"0x80980000=ConditionAlreadyDisabled 0x809F0000=EntryExists 0x80A10000=TimestampNotSupported 0x80AB0000=InvalidArgument 0x80B60000=SyntaxError " +
			"0x80B80000=RequestTooLarge 0x80B90000=ResponseTooLarge 0x80BD0000=InvalidTimestampArgument 0x80C10000=FilterOperatorInvalid 0x80C20000=FilterOperatorUnsupported " +
			"0x80C30000=FilterOperandCountMismatch 0x80C40000=FilterElementInvalid 0x80C50000=FilterLiteralInvalid 0x80C80000=NotTypeDefinition 0x80C90000=ViewTimestampInvalid " +
			"0x80CA0000=ViewParameterMismatch 0x80CB0000=ViewVersionInvalid 0x80CC0000=ConditionAlreadyEnabled 0x80CE0000=DialogResponseInvalid " +
			"0x80CF0000=ConditionBranchAlreadyAcked 0x80D00000=ConditionBranchAlreadyConfirmed 0x80D10000=ConditionAlreadyShelved 0x80D30000=ShelvingTimeOutOfRange " +
			"0x80D40000=AggregateListMismatch 0x80D50000=AggregateNotSupported 0x80D60000=AggregateInvalidInputs 0x80D80000=BoundNotSupported " +
			"0x80DA0000=AggregateConfigurationRejected 0x80E50000=TooManyArguments 0x81120000=NumericOverflow 0x81150000=AlreadyExists"},
		{Cancelled, Undecided, "0x802C0000=RequestCancelledByClient 0x805A0000=RequestCancelledByRequest"},
	},
}
