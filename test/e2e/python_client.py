"""Uses the official Python SDK against the gateway given as the first argument; prints OK at the end."""

import asyncio
import sys

import openai

base = sys.argv[1]
hello = [{"role": "user", "content": "Hello"}]

for url in (base, base + "/v1"):
    client = openai.OpenAI(base_url=url, api_key="anything", max_retries=0)
    answer = client.chat.completions.create(model="mock/echo", messages=hello)
    assert answer.choices[0].message.content == "Hello", answer
    text = ""
    for chunk in client.chat.completions.create(model="mock/echo", messages=hello, stream=True):
        text += chunk.choices[0].delta.content or ""
    assert text == "Hello", text
    tools = [{"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}]
    called = client.chat.completions.create(model="mock", messages=hello, tools=tools)
    assert called.choices[0].message.tool_calls[0].function.name == "f", called
    assert client.completions.create(model="mock/echo", prompt="Once").choices[0].text == "Once"
    assert len(client.embeddings.create(model="mock", input=["a"], dimensions=4).data[0].embedding) == 4
    assert "mock" in [model.id for model in client.models.list().data]
    try:
        client.chat.completions.create(model="mock/error-429", messages=hello)
        raise AssertionError("no error")
    except openai.RateLimitError as error:
        assert error.code == "rate_limit_exceeded", error
    try:
        client.chat.completions.create(model="nope", messages=hello)
        raise AssertionError("no error")
    except openai.NotFoundError as error:
        assert error.code == "model_not_found", error


async def main() -> None:
    client = openai.AsyncOpenAI(base_url=base, api_key="anything")
    stream = await client.chat.completions.create(model="mock/echo", messages=hello, stream=True)
    text = "".join([chunk.choices[0].delta.content or "" async for chunk in stream])
    assert text == "Hello", text


asyncio.run(main())
print("OK")
