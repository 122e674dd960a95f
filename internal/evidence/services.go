package evidence

import (
	"reflect"
	"strconv"

	"github.com/failure-enrichers/enricher/internal/evidence/inspect"
)

// graphqlClients have the code in the extensions of an error, as [extensionsField] reads it.
var graphqlClients = client{
	paths: []string{"github.com/vektah/gqlparser", "github.com/Khan/genqlient", "github.com/hasura/go-graphql-client", "github.com/99designs/gqlgen"},
}

// goaClients say in a field that the other service is at fault.
var goaClients = client{
	local: true,
	paths: []string{"goa.design/goa"},
	judge: func(v *Verdict, err error) {
		if fault, ok := inspect.Field(err, "Fault"); ok && fault.Kind() == reflect.Bool && fault.Bool() {
			v.add(Evidence{Weight: Generic, Fault: Dependency, Why: "the service says that it is at fault"})
		}
	},
}

// graphql are the codes of Apollo, and of Shopify: https://shopify.dev/docs/api/usage/response-codes.
var graphql = &Table{
	Kind: CloudCode, Title: "Code in the extensions of an error of GraphQL", Weight: Specific,
	Source: "https://www.apollographql.com/docs/apollo-server/data/errors#built-in-error-codes",
	Rows: []Row{
		{Dependency, Retryable, "THROTTLED RATE_LIMITED"},
		{Dependency, Undecided, "INTERNAL_SERVER_ERROR PERSISTED_QUERY_NOT_FOUND PERSISTED_QUERY_NOT_SUPPORTED SHOP_INACTIVE"},
		{Dependency, Terminal, "UNAUTHENTICATED FORBIDDEN ACCESS_DENIED"},
		{User, Terminal, "GRAPHQL_PARSE_FAILED GRAPHQL_VALIDATION_FAILED BAD_USER_INPUT OPERATION_RESOLUTION_FAILURE BAD_REQUEST MAX_COST_EXCEEDED"},
	},
}

// hetznerClients have the code in a field Code, and the status in a response.
var hetznerClients = client{
	paths: []string{"github.com/hetznercloud/hcloud-go"},
	judge: func(v *Verdict, err error) {
		if code, ok := inspect.String(err, "Code"); ok {
			e, _ := hetzner.of(code) // nothing, if it is not known
			v.add(e)
		}
	},
}

var hetzner = &Table{
	Kind: CloudCode, Title: "Code of Hetzner Cloud", Weight: Specific,
	Source: "https://docs.hetzner.cloud/reference/cloud#errors",
	Rows: []Row{
		{Dependency, Retryable, "rate_limit_exceeded resource_unavailable placement_error conflict locked maintenance robot_unavailable bad_gateway timeout server_error no_space_left_in_location ca_too_many_authorizations_failed_recently"},
		{Dependency, Undecided, "service_error unknown_error resource_limit_exceeded resource_locked resource_in_use server_not_stopped"},
		{Dependency, Terminal, "unauthorized forbidden token_readonly protected"},
		{User, Terminal, "invalid_input json_error not_found uniqueness_error invalid_server_type"},
	},
}

// bitcoinClients have the codes of nodes of Bitcoin, which are small negative numbers, in
// a field Code.
var bitcoinClients = client{
	paths: []string{"github.com/sourcegraph/jsonrpc2", "github.com/btcsuite/btcd", "github.com/ybbus/jsonrpc"},
	judge: func(v *Verdict, err error) {
		if code, ok := inspect.Int(err, "Code"); ok {
			e, _ := bitcoin.of(strconv.FormatInt(code, 10))
			v.add(e)
		}
	},
}

// bitcoin are the codes of a node. A block or transaction that it does not have (-5, -8) may
// come later.
var bitcoin = &Table{
	Kind: JSONRPC, Title: "Code of JSON-RPC of a node of Bitcoin",
	Source: "https://github.com/bitcoin/bitcoin/blob/master/src/rpc/protocol.h",
	Rows: []Row{
		{Dependency, Retryable, "-9=not_connected -10=initial_download -28=warming_up"},
		{Dependency, Undecided, "-1=misc -2=safe_mode -4=wallet -6=insufficient_funds -7=out_of_memory -12=keypool_ran_out -13=wallet_locked -16=encryption_failed -17=already_unlocked -18=wallet_not_found -19=wallet_not_specified -20=database -25=verify_error -29=node_not_connected -31=p2p_disabled -33=mempool_disabled -34=node_capacity -35=wallet_loaded"},
		{Dependency, Terminal, "-14=wrong_passphrase -32=method_deprecated"},
		{User, Undecided, "-5=invalid_address_or_key -8=invalid_parameter -23=node_added_already -24=node_not_added -26=verify_rejected -27=in_chain_already -36=wallet_exists"},
		{User, Terminal, "-3=type_error -11=invalid_label -15=wrong_encryption_state -22=deserialization -30=invalid_IP"},
	},
}

// prometheusClients have the type of the error of the API in a field Type.
var prometheusClients = client{
	paths:     []string{"github.com/prometheus/client_golang/api"},
	ownFields: true,
	judge: func(v *Verdict, err error) {
		if kind, ok := inspect.String(err, "Type"); ok {
			v.add(prometheus.answer(kind))
		}
	},
}

var prometheus = &Table{
	Kind: PrometheusError, Title: "Type of an error of the API of Prometheus",
	Source: "https://prometheus.io/docs/prometheus/latest/querying/api/#format-overview", // and api/prometheus/v1 of its client
	Rows: []Row{
		{Dependency, Retryable, "timeout unavailable server_error"},
		{Dependency, Undecided, "execution internal canceled bad_response client_error"},
		{User, Terminal, "bad_data not_found"},
	},
}
