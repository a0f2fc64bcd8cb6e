// The keys of LiteLLM's config.yaml, from its "All settings" reference, to tell settings that are not built from
// mistyped ones. Names only; what is done with them is in litellm-model.ts and litellm.ts.

/** A file with one of these at the top is a LiteLLM config. */
export const LITELLM_MARKS: readonly string[] = words(
  'model_list litellm_settings router_settings general_settings include',
)

export const SECTIONS = ['litellm_settings', 'router_settings', 'general_settings'] as const

export type Section = (typeof SECTIONS)[number]

export const TOP_KEYS: readonly string[] = words(`
  model_list litellm_settings router_settings general_settings environment_variables credential_list guardrails
  callback_settings mcp_servers mcp_tools vector_store_registry search_tools prompts files_settings finetune_settings
  assistant_settings include worker_registry`)

export const ENTRY_KEYS: readonly string[] = words('model_name litellm_params model_info rpm tpm')

/** Keys of `litellm_params` that are settings of the gateway, not of the request. They are kept in `info`. */
export const KEPT_PARAMS: readonly string[] = words(`
  use_in_pass_through use_chat_completions_api rust itpm otpm cooldown_time max_budget budget_duration
  default_api_key_tpm_limit default_api_key_rpm_limit max_file_size_mb ttft_timeout keepalive_seconds
  allow_client_keepalive_override max_retries num_retries allowed_openai_params modify_params
  merge_reasoning_content_in_choices tag_regex configurable_clientside_auth_params auto_router_config
  auto_router_config_path auto_router_default_model auto_router_embedding_model complexity_router_config
  complexity_router_default_model silent_model cache_control_injection_points guardrails prompt_id fallbacks
  context_window_fallback_dict content_policy_fallbacks caching retry_policy ssl_verify api_type`)

/** Keys of `litellm_params` that are translated. */
export const MAPPED_PARAMS: readonly string[] = words(`
  model custom_llm_provider api_base base_url api_key api_version organization litellm_credential_name extra_headers
  headers rpm tpm max_parallel_requests weight order timeout stream_timeout stream_idle_timeout drop_params
  additional_drop_params tags extra_body`)

/** Provider options besides the prefixes of {@link isProviderOption}. */
const OPTION_PARAMS = words('region_name tenant_id client_id client_secret')

/** Credentials and places of clouds: they become the provider's options in camel case. */
export function isProviderOption(key: string): boolean {
  return /^(aws|vertex|azure|watsonx|s3)_/.test(key) || OPTION_PARAMS.includes(key)
}

/** Price keys: `input_cost_per_token`, `cache_read_input_token_cost_above_200k_tokens`, `tiered_pricing` … */
export function isPriceKey(key: string): boolean {
  return /(^|_)cost_per_|_token_cost/.test(key) || key === 'tiered_pricing'
}

/** Keys whose values are credentials: an entry without them is still useful to read, and the start goes on. */
export function isSecretKey(key: string): boolean {
  return /api_key|access_key|secret|_token$|credential|password/.test(key)
}

/** Request fields that providers document; the base for "did you mean". */
const REQUEST_PARAMS = words(`
  temperature top_p top_k top_a min_p n stop max_tokens max_completion_tokens presence_penalty frequency_penalty
  repetition_penalty logit_bias seed user response_format tools tool_choice parallel_tool_calls logprobs top_logprobs
  modalities audio prediction reasoning_effort reasoning verbosity service_tier store metadata stream stream_options
  thinking functions function_call dimensions encoding_format input_type web_search_options safety_identifier
  prompt_cache_key prompt_cache_retention mock_response mock_timeout num_ctx keep_alive think safety_settings quality
  size style voice language response_mime_type provider route transforms plugins`)

/** Every known key of `litellm_params`, for suggestions. */
export const PARAM_KEYS: readonly string[] = [
  ...MAPPED_PARAMS,
  ...KEPT_PARAMS,
  ...OPTION_PARAMS,
  ...REQUEST_PARAMS,
  ...words(`
  aws_access_key_id aws_secret_access_key aws_session_token aws_region_name aws_role_name aws_session_name
  aws_profile_name aws_web_identity_token aws_bedrock_runtime_endpoint vertex_project vertex_location
  vertex_credentials azure_ad_token azure_scope watsonx_region_name input_cost_per_token output_cost_per_token
  input_cost_per_second output_cost_per_second input_cost_per_pixel output_cost_per_image
  cache_read_input_token_cost cache_creation_input_token_cost tiered_pricing`),
]

const LITELLM_SETTINGS = words(`
  callbacks success_callback failure_callback service_callback service_callbacks turn_off_message_logging
  redact_user_api_key_info json_logs request_correlation_in_logs set_verbose modify_params drop_params
  add_function_to_prompt enable_json_schema_validation disable_stop_sequence_limit include_cost_in_streaming_usage
  route_all_chat_openai_to_responses use_chat_completions_url_for_anthropic_messages request_timeout force_ipv4
  disable_aiohttp_transport http2 ssl_verify num_retries allowed_fails fallbacks context_window_fallbacks
  content_policy_fallbacks default_fallbacks cache cache_params enable_redis_auth_cache
  enable_caching_on_provider_specific_optional_params max_budget budget_duration budget_reset_time timezone
  max_end_user_budget_id max_internal_user_budget default_max_internal_user_budget max_ui_session_budget
  default_key_generate_params upperbound_key_generate_params key_generation_settings default_internal_user_params
  default_team_params default_team_settings enable_key_alias_format_validation overwrite_user_with_key_hash
  store_audit_logs disable_end_user_cost_tracking enable_end_user_cost_tracking_prometheus_only cost_discount_config
  cost_margin_config custom_prometheus_metadata_labels custom_prometheus_tags prometheus_initialize_budget_metrics
  prometheus_metrics_config require_auth_for_metrics_endpoint langfuse_default_tags extra_spend_tag_headers
  disable_add_user_agent_to_request_tags priority_reservation priority_reservation_settings model_group_settings
  add_user_information_to_llm_headers skip_system_message_in_guardrail skip_tool_message_in_guardrail
  user_url_validation user_url_allowed_hosts require_managed_files sse_keepalive_ping_interval_seconds
  expose_router_debug_in_errors mcp_aliases public_model_groups telemetry network_mock model_alias_map
  check_provider_endpoint custom_provider_map guardrails`)

const GENERAL_SETTINGS = words(`
  master_key database_url database_connection_pool_limit database_connection_timeout database_connect_timeout
  database_socket_timeout database_statement_timeout database_lock_timeout database_disable_prepared_statements
  database_extra_connection_params allow_requests_on_db_unavailable store_model_in_db supported_db_objects
  disable_prisma_schema_update proxy_config_reload_interval_seconds key_management_system key_management_settings
  use_azure_key_vault use_google_kms proxy_batch_write_at use_redis_transaction_buffer disable_spend_logs
  disable_spend_updates disable_error_logs store_prompts_in_spend_logs maximum_spend_logs_retention_period
  maximum_spend_logs_retention_interval maximum_spend_logs_cleanup_cron maximum_spend_logs_cleanup_batch_size
  maximum_spend_logs_cleanup_max_batches maximum_spend_logs_cleanup_run_budget
  maximum_spend_logs_cleanup_batch_timeout proxy_budget_rescheduler_min_time proxy_budget_rescheduler_max_time
  disable_reset_budget proxy_batch_polling_interval scheduled_job_stagger disable_budget_reservation
  fail_closed_budget_enforcement enforce_fallback_budget enforce_fallback_model_access custom_auth
  custom_auth_run_common_checks enable_jwt_auth litellm_jwtauth enable_oauth2_auth enable_oauth2_proxy_auth
  oauth2_config_mappings litellm_key_header_name allow_client_side_credentials allowed_ips use_x_forwarded_for
  mcp_trusted_proxy_ranges public_routes admin_only_routes allowed_routes enforced_params enforce_user_param
  reject_clientside_metadata_tags missing_session_id service_account_settings role_permissions enforce_rbac
  user_header_mappings user_header_name user_api_key_cache_ttl user_api_key_cache_max_size custom_key_generate
  custom_key_update custom_key_policy disable_adding_master_key_hash_to_db disable_master_key_return
  max_parallel_requests global_max_parallel_requests max_in_flight_requests_per_worker
  max_queued_requests_per_worker admission_queue_timeout_seconds max_request_size_mb max_response_size_mb
  max_file_size_mb max_batch_file_size_mb allowed_file_extensions token_rate_limit_type
  fail_closed_rate_limit_enforcement
  disable_retry_on_max_parallel_request_limit_error cancel_on_disconnect always_include_stream_usage
  completion_model embedding_model image_generation_model moderation_model infer_model_from_keys
  forward_client_headers_to_llm_api forward_llm_provider_auth_headers forward_openai_org_id
  include_call_id_in_error_body background_health_checks health_check_interval health_check_details
  health_check_concurrency enable_health_check_routing health_check_staleness_threshold
  health_check_ignore_transient_errors use_shared_health_check background_health_check_model_groups alerting
  alerting_threshold alert_types alert_to_webhook_url alerting_args alert_type_config spend_report_frequency
  ui_access_mode custom_sso auto_redirect_ui_login_to_sso disable_env_credential_login max_failed_login_attempts
  max_failed_login_attempts_per_source failed_login_window_seconds control_plane_url pass_through_endpoints
  pass_through_request_timeout enable_drain_endpoint drain_endpoint_token`)

const ROUTER_SETTINGS = words(`
  routing_strategy routing_strategy_args routing_groups model_group_alias num_retries retry_after retry_policy
  model_group_retry_policy allowed_fails allowed_fails_policy cooldown_time disable_cooldowns fallbacks
  context_window_fallbacks content_policy_fallbacks default_fallbacks max_fallbacks enable_weighted_failover
  enable_pre_call_checks optional_pre_call_checks deployment_affinity_ttl_seconds model_group_affinity_config
  enable_tag_filtering tag_filtering_match_any tag_routing_prefix timeout stream_timeout ttft_timeout
  stream_idle_timeout keepalive_seconds default_max_parallel_requests default_priority polling_interval
  default_litellm_params client_ttl cache_responses caching_groups redis_host redis_port redis_password redis_db
  redis_url cache_kwargs provider_budget_config ignore_invalid_deployments enable_health_check_routing
  health_check_staleness_threshold guardrail_list search_tools debug_level plugins set_verbose`)

/** Known keys by the first part of a setting's path; the empty part is the file's top. */
export const KNOWN_KEYS: Readonly<Record<string, readonly string[]>> = {
  '': TOP_KEYS,
  litellm_settings: LITELLM_SETTINGS,
  router_settings: ROUTER_SETTINGS,
  general_settings: GENERAL_SETTINGS,
  litellm_params: PARAM_KEYS,
  model_list: ENTRY_KEYS,
}

function words(text: string): string[] {
  return text.trim().split(/\s+/)
}
