package evidence

import "strings"

// ofSQLState judges a SQLSTATE, or else its class, which is its first two characters.
func ofSQLState(state, message string) Evidence {
	if !IsSQLState(state) || state == "00000" {
		return Evidence{}
	}
	e, ok := sqlStates.of(state)
	if !ok {
		e, _ = sqlStates.of(state[:2])
		e.Code, e.Kind = state, SQLState
	}
	if state == "0A000" && strings.HasPrefix(message, "cached plan must not change") {
		// The next attempt prepares the statement anew.
		e.Fault, e.Retry = Dependency, Retryable
	}
	if state == "XX000" && message == "1023" { // a serialization failure of Redshift
		e.Retry = Retryable
	}
	return e
}

// IsSQLState reports whether s has the form of a SQLSTATE: five digits and upper
// case letters.
func IsSQLState(s string) bool {
	if len(s) != 5 {
		return false
	}
	for _, c := range []byte(s) {
		if (c < '0' || c > '9') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return true
}

// sqlStates are those of ISO/IEC 9075-2, and those of databases: classes 53 to 58 and
// F0 to XX are of PostgreSQL.
var sqlStates = &Table{
	Kind: SQLState, Title: "SQLSTATE, or its first two characters",
	Source: "https://www.postgresql.org/docs/current/errcodes-appendix.html",
	Rows: []Row{
		{User, Terminal, "02=no_data 07=dynamic_SQL 0A=feature_not_supported 0F=locator 0N=XML_mapping 0Z=diagnostics 10=XQuery " +
			"20=case_not_found 21=cardinality 22=data 23=integrity 2F=routine 38=external_routine 39=external_routine_invocation " +
			"3D=catalog 3F=schema 40002=integrity_at_the_end_of_a_transaction 42=syntax_or_access_rule 44=check_option " +
			"45=raised_by_a_procedure 46=Java 54=program_limit 57P04=database_dropped P0=raised_by_a_procedure 72000=Oracle"},
		{Dependency, Retryable, "08=connection 25006=read_only 25P03=idle_in_a_transaction 40=transaction_rollback 53=resources " +
			"55006=object_in_use 55P03=lock_not_available 57=operator_intervention 57P05=idle_session 58=system_error " +
			"72=snapshot_too_old CR=CockroachDB HYT01=connection_timeout 57033=Db2_deadlock_or_timeout 57030=Db2_connection 57011=Db2_resources"},
		{Dependency, Undecided, "09=triggered_action 53100=disk_full 55=object_state 57014=query_cancelled F0=configuration_file " +
			"HV=foreign_data HY=driver HYT00=timeout IM=driver_manager XX=internal 70100=MySQL_query_interrupted 0W000=of_a_pooler 51=Db2_application_state"},
		{Dependency, Terminal, "0L=grantor 0P=role 28=authorization 2B=dependent_privileges 42501=privilege 42502=privilege 42519=privilege XX001=data_corrupted XX002=index_corrupted"},
		{System, Undecided, "26=statement_name 08P01=protocol_violation"}, // 08P01: mostly a pooler that shares connections
		{System, Terminal, "0B=transaction_initiation 24=cursor_state 25=transaction_state 27=triggered_data_change 2D=transaction_termination 34=cursor_name 3B=savepoint 25P02=failed_transaction"},
		{Dependency, Retryable, "25P04=transaction_timeout 40001=serialization_failure 40003=completion_unknown 40P01=deadlock"},
	},
}
