package evidence

import "github.com/failure-enrichers/enricher/internal/evidence/inspect"

// hanaClients have the number behind a method Code.
var hanaClients = client{
	paths:     []string{"github.com/SAP/go-hdb"},
	ownFields: true,
	judge: func(v *Verdict, err error) {
		if n, ok := inspect.Result(err, "Code"); ok {
			v.add(hana.number(n))
		}
	},
}

// hana are the numbers of SAP HANA that jobs meet most.
var hana = &Table{
	Kind: HANANumber, Title: "Error number of SAP HANA",
	Source: "https://help.sap.com/docs/SAP_HANA_PLATFORM/4fe29514fd584807ac9f2a04f6754767/20a78d3275191014b41bae7c4a46d835.html",
	Rows: []Row{
		{Dependency, Retryable, "129=rolled_back_by_internal_error 131=rolled_back_by_lock_wait_timeout 132=rolled_back_for_unavailable_resource 133=rolled_back_by_deadlock 138=serialization_failure 142=too_many_transactions 146=resource_busy 597=session_closed " +
			"1025=communication_error 1029=connection_failure 1030=send_error 1031=receive_error"},
		{Dependency, Undecided, "2=general_error 3=fatal_error 4=out_of_memory 139=cancelled_and_rolled_back"},
		{Dependency, Terminal, "7=feature_not_supported 10=authentication_failed 19=invalid_license 258=insufficient_privilege 414=password_must_be_changed 416=user_locked"},
		{User, Terminal, "257=syntax_error 259=invalid_table_name 260=invalid_column_name 264=invalid_datatype 266=inconsistent_datatype 274=value_too_large 287=null_not_allowed 288=duplicate_table_name 301=unique_constraint_violated 304=division_by_zero " +
			"314=numeric_overflow 339=invalid_number 362=invalid_schema_name 461=foreign_key_constraint_violated"},
	},
}
