package evidence

import (
	"strconv"

	"github.com/failure-enrichers/enricher/internal/evidence/inspect"
)

// natsClients have a status like that of HTTP in a field Code, and a code of JetStream in
// a field ErrorCode, also behind a method APIError.
var natsClients = client{
	paths:     []string{"github.com/nats-io/nats.go", "github.com/nats-io/nats-server"},
	ownFields: true,
	judge: func(v *Verdict, err error) {
		if code, ok := inspect.Int(err, "ErrorCode", "apiErr.ErrorCode", "ErrCode"); ok && code != 0 {
			e, known := jetStream.of(strconv.FormatInt(code, 10))
			if !known { // the status decides
				e = Evidence{Weight: Specific, Kind: NATSCode, Code: strconv.FormatInt(code, 10)}
			}
			v.add(e)
		}
		if status, ok := inspect.Int(err, "Code", "apiErr.Code"); ok {
			v.add(ofHTTP(status))
		} else {
			v.add(ofText(err))
		}
	},
}

var jetStream = &Table{
	Kind: NATSCode, Title: "Error code of JetStream", Weight: Specific,
	Source: "https://github.com/nats-io/nats-server/blob/main/server/errors.json",
	Rows: []Row{
		{Dependency, Retryable, "10004=incomplete_cluster 10005=no_peers 10007=not_assigned 10008=not_available 10009=not_leader 10041=raft 10075=peer_remap 10077=stream_store_failed 10118=stream_offline 10119=consumer_offline 10194=stream_offline 10195=consumer_offline " +
			"10070=wrong_last_message_ID 10071=wrong_last_sequence 10164=wrong_last_sequence 10158=duplicate_message_in_process 10163=last_sequence_not_ready 10124=move_in_progress 10202=member_change_in_progress 10226=reconfiguration_in_progress " +
			"10167=too_many_requests 10210=too_many_inflight 10211=too_many_inflight"},
		{Dependency, Undecided, "10002=account_resources 10023=insufficient_resources 10028=memory_resources 10047=storage_resources 10026=maximum_consumers 10027=maximum_streams 10039=not_enabled_for_account 10076=not_enabled 10110=purge 10111=rollup 10120=no_limits " +
			"10006=not_clustered 10010=not_clustered 10036=clustered 10074=not_clustered 10180=minimum_last_sequence"},
		{User, Terminal, "10003=bad_request 10013=consumer_name_exists 10014=consumer_not_found 10025=invalid_JSON 10037=message_not_found 10052=stream_config 10054=message_too_large 10057=message_not_found 10058=stream_name_in_use 10059=stream_not_found 10060=stream_not_match 10065=subjects_overlap 10094=filter 10093=filter 10105=consumer_exists 10136=filters 10138=filters 10139=filters 10148=consumer_exists 10149=consumer_missing"},
		{Dependency, Terminal, "10000=account 10035=not_authorized"},
	},
}
