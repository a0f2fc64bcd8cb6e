/** LiteLLM's groups of routes, as far as tokens are given them. */
export const routeGroups: Readonly<Record<string, readonly string[]>> = {
  openai_routes: ['/models', '/models/*'],
  llm_api_routes: ['/models', '/models/*', '/spend/calculate'],
  info_routes: ['/*/info', '/*/list', '/models', '/models/*', '/health', '/health/*'],
  // Everything that the gateway does itself.
  management_routes: ['/*'],
  spend_tracking_routes: ['/spend/*'],
  global_spend_tracking_routes: ['/global/*'],
}
