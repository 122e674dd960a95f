package evidence

import "github.com/failure-enrichers/enricher/internal/evidence/inspect"

// ibmMQClients have the reason code in a field MQRC, and behind a method of the errors of
// the API of JMS.
var ibmMQClients = client{
	paths: []string{"github.com/ibm-messaging/mq-golang", "github.com/ibm-messaging/mq-golang-jms20"},
	judge: func(v *Verdict, err error) {
		if reason, ok := inspect.Int(err, "MQRC"); ok {
			v.add(ibmMQ.number(reason))
		}
		if jms, ok := err.(interface{ GetErrorCode() string }); ok {
			v.add(ibmMQ.answer(jms.GetErrorCode()))
		}
	},
}

var ibmMQ = &Table{
	Kind: IBMMQReason, Title: "Reason code of IBM MQ",
	Source: "https://www.ibm.com/docs/en/ibm-mq/9.4.x?topic=codes-api-reason",
	Rows: []Row{
		{Dependency, Retryable, "2003=BACKED_OUT 2009=CONNECTION_BROKEN 2016=GET_INHIBITED 2025=MAX_CONNS_LIMIT_REACHED 2033=NO_MSG_AVAILABLE 2042=OBJECT_IN_USE 2051=PUT_INHIBITED 2053=Q_FULL " +
			"2059=Q_MGR_NOT_AVAILABLE 2102=RESOURCE_PROBLEM 2161=Q_MGR_QUIESCING 2162=Q_MGR_STOPPING 2202=CONNECTION_QUIESCING 2203=CONNECTION_STOPPING 2223=Q_MGR_NOT_ACTIVE 2273=CONNECTION_ERROR " +
			"2537=CHANNEL_NOT_AVAILABLE 2538=HOST_NOT_AVAILABLE 2544=RECONNECTING 2548=RECONNECT_FAILED 2549=CALL_INTERRUPTED"},
		{Dependency, Undecided, "2011=DYNAMIC_Q_NAME_ERROR 2056=Q_SPACE_NOT_AVAILABLE 2058=Q_MGR_NAME_ERROR 2063=SECURITY_ERROR 2071=STORAGE_NOT_AVAILABLE 2082=UNKNOWN_ALIAS_BASE_Q 2085=UNKNOWN_OBJECT_NAME 2086=UNKNOWN_OBJECT_Q_MGR 2087=UNKNOWN_REMOTE_Q_MGR 2192=STORAGE_MEDIUM_FULL 2195=UNEXPECTED_ERROR 2393=SSL_INITIALIZATION_ERROR 2539=CHANNEL_CONFIG_ERROR 2540=UNKNOWN_CHANNEL_NAME"},
		{Dependency, Terminal, "2035=NOT_AUTHORIZED"},
		{User, Terminal, "2010=DATA_LENGTH_ERROR 2030=MSG_TOO_BIG_FOR_Q 2031=MSG_TOO_BIG_FOR_Q_MGR 2110=FORMAT_ERROR 2218=MSG_TOO_BIG_FOR_CHANNEL"},
		{System, Undecided, "2012=ENVIRONMENT_ERROR 2018=HCONN_ERROR 2019=HOBJ_ERROR"},
	},
}
