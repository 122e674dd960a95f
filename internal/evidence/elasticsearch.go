package evidence

import "github.com/failure-enrichers/enricher/internal/evidence/inspect"

// elasticClients have the type in the object "error" of an answer.
var elasticClients = client{
	paths: []string{"github.com/elastic/go-elasticsearch", "github.com/olivere/elastic", "github.com/opensearch-project/opensearch-go", "github.com/elastic/elastic-transport-go"},
	judge: func(v *Verdict, err error) {
		for _, path := range []string{"Details.Type", "ErrorCause.Type", "Err.Type", "Type", "Error.Type", "Details.CausedBy.type"} {
			if t, ok := inspect.String(err, path); ok {
				e, known := elasticTypes.of(t)
				if !known {
					e = Evidence{Kind: Elasticsearch, Code: t}
				}
				v.add(e)
				return
			}
		}
	},
}

// elasticTypes are the names of exceptions of Elasticsearch and OpenSearch that say more
// than the status.
var elasticTypes = &Table{
	Kind: Elasticsearch, Title: "Type of an error of Elasticsearch and OpenSearch", Weight: Specific,
	Source: "https://www.elastic.co/docs/troubleshoot/elasticsearch", // and server/src/main/java/org/elasticsearch/ElasticsearchException.java
	Rows: []Row{
		{Dependency, Retryable, "cluster_block_exception circuit_breaking_exception es_rejected_execution_exception rejected_execution_exception process_cluster_event_timeout_exception master_not_discovered_exception not_master_exception " +
			"no_shard_available_action_exception unavailable_shards_exception node_not_connected_exception node_disconnected_exception node_closed_exception connect_transport_exception receive_timeout_transport_exception no_node_available_exception " +
			"snapshot_in_progress_exception concurrent_snapshot_execution_exception snapshot_restore_in_progress_exception version_conflict_engine_exception index_shard_not_started_exception index_shard_recovering_exception illegal_index_shard_state_exception " +
			"timeout_exception elasticsearch_timeout_exception failed_to_commit_cluster_state_exception availability_exception retention_lease_already_exists_exception shard_not_in_primary_mode_exception primary_shard_closed_exception engine_closed_exception too_many_requests_exception rate_limiting_exception"},
		{Dependency, Undecided, "search_context_missing_exception search_phase_execution_exception no_such_remote_cluster_exception remote_transport_exception exception io_exception null_pointer_exception illegal_state_exception shard_lock_obtain_failed_exception already_closed_exception too_many_scroll_contexts_exception " +
			"action_request_limit_exception shard_not_found_exception inference_exception"},
		{Dependency, Terminal, "security_exception authorization_exception license_exception repository_missing_exception repository_verification_exception api_not_available_exception"},
		{User, Terminal, "mapper_parsing_exception document_parsing_exception strict_dynamic_mapping_exception mapper_exception illegal_argument_exception parsing_exception parse_exception x_content_parse_exception named_object_not_found_exception json_parse_exception json_e_o_f_exception " +
			"query_shard_exception query_parsing_exception token_mgr_error index_not_found_exception invalid_index_name_exception index_closed_exception resource_already_exists_exception index_already_exists_exception resource_not_found_exception document_missing_exception " +
			"action_request_validation_exception validation_exception number_format_exception date_time_parse_exception script_exception general_script_exception aggregation_execution_exception too_many_buckets_exception too_many_clauses too_many_nested_clauses max_bytes_length_exceeded_exception " +
			"invalid_alias_name_exception alias_missing_exception aliases_not_found_exception index_template_missing_exception search_parse_exception routing_missing_exception array_index_out_of_bounds_exception invalid_snapshot_name_exception snapshot_missing_exception verification_exception input_coercion_exception " +
			"pipeline_missing_exception pipeline_processing_exception unsupported_operation_exception type_missing_exception content_too_long_exception not_x_content_exception"},
		{Cancelled, Undecided, "task_cancelled_exception"},
	},
}
