package evidence

import (
	"reflect"
	"strings"
	"time"

	"github.com/failure-enrichers/enricher/internal/evidence/inspect"
)

// apiWords are codes of services with an interface over HTTP, in lower case and with _
// for a space: the error codes of OAuth, the problem types of ACME, and those of Stripe,
// Slack, OpenAI, Anthropic and Okta.
var apiWords = &Table{
	Kind: CloudCode, Title: "Code of a service with an interface over HTTP", Weight: Specific,
	Source: "https://www.rfc-editor.org/rfc/rfc6749#section-5.2", // and those in the comments
	Rows: []Row{
		// https://www.iana.org/assignments/oauth-parameters
		{Dependency, Retryable, "temporarily_unavailable server_error slow_down authorization_pending"},
		{Dependency, Terminal, "invalid_grant invalid_client unauthorized_client access_denied invalid_token insufficient_scope unsupported_grant_type invalid_scope interaction_required consent_required login_required expired_token"},
		{User, Terminal, "invalid_request"},
		// https://www.rfc-editor.org/rfc/rfc8555#section-6.7
		{Dependency, Retryable, "ratelimited badnonce serverinternal ordernotready"},
		{Dependency, Undecided, "dns connection tls incorrectresponse alreadyreplaced compound"},
		{Dependency, Terminal, "accountdoesnotexist externalaccountrequired useractionrequired badrevocationreason badpublickey badsignaturealgorithm invalidcontact unsupportedcontact caa"},
		{User, Terminal, "badcsr malformed rejectedidentifier unsupportedidentifier alreadyrevoked"},
		// Those that services choose themselves: https://www.gobeyond.dev/failure-is-your-domain/
		{User, Undecided, "conflict"},
		{Dependency, Terminal, "forbidden"},
		{User, Terminal, "bad_request validation_error unprocessable_entity invalid_input"},
		// https://docs.stripe.com/error-codes
		{Dependency, Retryable, "lock_timeout rate_limit api_error api_connection_error idempotency_key_in_use processing_error"},
		{User, Terminal, "card_error card_declined expired_card incorrect_cvc incorrect_number invalid_number insufficient_funds idempotency_error resource_missing parameter_missing parameter_invalid_empty parameter_invalid_integer parameter_unknown amount_too_small amount_too_large charge_already_refunded charge_already_captured balance_insufficient email_invalid"},
		{Dependency, Terminal, "api_key_expired secret_key_required platform_api_key_expired account_invalid"},
		// https://docs.slack.dev/apis/web-api/slack-web-api
		{Dependency, Retryable, "rate_limited fatal_error internal_error service_unavailable request_timeout team_added_to_org"},
		{Dependency, Terminal, "invalid_auth not_authed account_inactive token_revoked token_expired missing_scope no_permission org_login_required ekm_access_denied not_allowed_token_type"},
		{User, Terminal, "channel_not_found not_in_channel is_archived msg_too_long no_text invalid_blocks invalid_attachments user_not_found users_not_found message_not_found cant_update_message edit_window_closed file_not_found invalid_arguments invalid_arg_name invalid_charset invalid_cursor restricted_action too_many_attachments"},
		// https://platform.openai.com/docs/guides/error-codes, https://docs.claude.com/en/api/errors
		{Dependency, Retryable, "rate_limit_exceeded rate_limit_error overloaded_error overloaded server_is_overloaded tokens requests timeout_error too_many_requests engine_overloaded"},
		{Dependency, Terminal, "insufficient_quota billing_hard_limit_reached billing_not_active billing_error invalid_api_key authentication_error permission_error access_terminated account_deactivated"},
		{User, Terminal, "context_length_exceeded model_not_found content_filter content_policy_violation string_above_max_length invalid_image invalid_prompt request_too_large not_found_error unsupported_country_region_territory invalid_value"},
		// https://developer.okta.com/docs/reference/error-codes
		{Dependency, Retryable, "e0000047 e0000009 e0000010"},
		{Dependency, Terminal, "e0000004 e0000005 e0000006 e0000011 e0000015"},
		{User, Terminal, "e0000001 e0000003 e0000007"},
	},
}

// oauthClients keep the answer of the token endpoint.
var oauthClients = client{paths: []string{"golang.org/x/oauth2"}}

// githubClients say with a type that a 403 is a limit of the rate, which is lifted at a
// time in a field.
var githubClients = client{
	paths: []string{"github.com/google/go-github", "github.com/shurcooL/githubv4", "github.com/xanzy/go-gitlab", "gitlab.com/gitlab-org/api/client-go"},
	judge: func(v *Verdict, err error) {
		name := inspect.NamedType(reflect.TypeOf(err)).Name()
		if !strings.Contains(name, "RateLimit") {
			return
		}
		v.add(says(Specific, Dependency, Retryable, "a limit of the rate"))
		if reset, ok := inspect.Field(err, "Rate.Reset.Time"); ok {
			if at, ok := reset.Interface().(time.Time); ok && !at.IsZero() {
				v.waits(time.Until(at))
			}
		}
	},
}

// telegramClients have a status like that of HTTP in a field Code; gotd/td has the
// seconds to wait in a field Argument.
var telegramClients = client{
	paths: []string{"github.com/gotd/td", "github.com/go-telegram-bot-api/telegram-bot-api", "gopkg.in/telebot.v3", "github.com/go-telegram/bot"},
	judge: func(v *Verdict, err error) {
		kind, _ := inspect.String(err, "Type")
		if n, ok := inspect.Int(err, "Argument"); ok && strings.HasSuffix(kind, "_WAIT") {
			v.waits(seconds(float64(n)))
		}
		if code, ok := inspect.Int(err, "Code"); ok {
			e := ofHTTP(code)
			if code == 303 { // the account is in another data centre
				e.Retry = Retryable
			}
			v.add(e)
		}
	},
}

// slackClients have the code in a field Err.
var slackClients = client{
	paths: []string{"github.com/slack-go/slack"},
	judge: func(v *Verdict, err error) {
		if code, ok := inspect.String(err, "Err"); ok {
			v.add(apiWords.answer(code))
		}
	},
}

// vaultClients have two statuses of servers that have not caught up with another one.
// Source: https://developer.hashicorp.com/vault/api-docs#http-status-codes
var vaultClients = client{
	paths: []string{"github.com/hashicorp/vault/api"},
	judge: func(v *Verdict, err error) {
		if status, _ := inspect.Int(err, "StatusCode"); status == 412 || status == 473 {
			v.add(says(Specific, Dependency, Retryable, "a server of Vault that is behind the active one"))
		}
	},
}

// googleClients have the status in a field Code, and reasons in a list.
var googleClients = client{
	paths: []string{"google.golang.org/api", "google.golang.org/genai", "cloud.google.com/go", "github.com/googleapis/gax-go"},
	judge: func(v *Verdict, err error) {
		if list, ok := inspect.Field(err, "Errors"); ok && list.Kind() == reflect.Slice {
			for i := range min(list.Len(), maxDetails) {
				if reason, ok := inspect.String(list.Index(i).Interface(), "Reason"); ok {
					v.word(reason, reason)
				}
			}
		}
		if reason, ok := inspect.String(err, "Reason", "Status"); ok { // of BigQuery; of generative language
			v.word(reason, reason)
		}
		if status, ok := inspect.Int(err, "Code"); ok {
			v.add(ofHTTP(status))
		}
	},
}

// ofJSONDetail reads a detail of package google.rpc in JSON.
func (v *Verdict) ofJSONDetail(detail any) {
	m, _ := detail.(map[string]any)
	if name, _ := m["@type"].(string); !strings.Contains(name, "google.rpc.") {
		return
	}
	if reason, ok := m["reason"].(string); ok {
		v.word(reason, reason)
	}
	if delay, ok := m["retryDelay"].(string); ok {
		v.waits(waitIn(delay))
	}
}
