/** LiteLLM's routing strategies. */
export const STRATEGIES: readonly string[] = [
  'simple-shuffle',
  'least-busy',
  'usage-based-routing',
  'usage-based-routing-v2',
  'latency-based-routing',
  'cost-based-routing',
]

/** Prefixes of `litellm_params.model` that LiteLLM knows: one that is not built here is no slip of the pen. */
export const PROVIDERS: ReadonlySet<string> = new Set(
  `ai21 anthropic_text aws_polly azure_ai azure_text baseten bedrock black_forest_labs bytez cerebras clarifai cloudflare
  codestral cohere cohere_chat custom custom_openai dashscope databricks deepgram deepinfra elevenlabs fal_ai
  featherless_ai friendliai galadriel github github_copilot gradient_ai heroku huggingface hyperbolic infinity jina_ai
  lambda_ai litellm_proxy llamafile lm_studio maritalk meta_llama minimax moonshot morph nebius nlp_cloud novita nscale
  nvidia_nim oci oobabooga ovhcloud palm petals predibase recraft replicate sagemaker sagemaker_chat sambanova
  snowflake stability topaz triton vercel_ai_gateway vertex_ai vertex_ai_beta volcengine voyage watsonx watsonx_text
  xinference zai`.split(/\s+/),
)
