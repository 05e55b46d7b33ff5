using System.Net;
using System.Text;
using System.Text.Json;
using Mantle.Service.Tests.Training;
using Mantle.Testing;

namespace Mantle.Service.Tests.Responses;

public class ResponsesTests(ServiceWithModel fixture) : IClassFixture<ServiceWithModel>
{
    [Fact]
    public async Task An_answer_has_the_shape_of_the_API()
    {
        (int status, JsonElement body) = await fixture.PostAsync("""{"model":"tiny-1","input":"The mill","max_output_tokens":5,"temperature":0,"instructions":"Be brief.","store":false}""");
        Assert.Equal(200, status);
        Assert.Equal("response", Text(body, "object"));
        Assert.StartsWith("resp_", Text(body, "id"), StringComparison.Ordinal);
        Assert.Equal("incomplete", Text(body, "status"));
        Assert.Equal("max_output_tokens", Text(body.GetProperty("incomplete_details"), "reason"));
        Assert.Equal("tiny-1", Text(body, "model"));
        Assert.Equal("Be brief.", Text(body, "instructions"));
        Assert.Equal(5, body.GetProperty("max_output_tokens").GetInt32());
        Assert.Equal(JsonValueKind.Null, body.GetProperty("error").ValueKind);
        JsonElement message = Assert.Single(body.GetProperty("output").EnumerateArray());
        Assert.Equal(("message", "assistant"), (Text(message, "type"), Text(message, "role")));
        JsonElement part = Assert.Single(message.GetProperty("content").EnumerateArray());
        Assert.Equal("output_text", Text(part, "type"));
        Assert.NotEmpty(Text(part, "text")!);
        JsonElement usage = body.GetProperty("usage");
        Assert.Equal(5, usage.GetProperty("output_tokens").GetInt32());
        Assert.Equal(usage.GetProperty("input_tokens").GetInt32() + 5, usage.GetProperty("total_tokens").GetInt32());
    }

    [Fact]
    public async Task A_stream_has_the_events_of_the_API_in_their_order_and_the_same_text()
    {
        const string Request = """{"model":"tiny-1","input":"The mill","max_output_tokens":12,"temperature":0,"stream":STREAM}""";
        using StringContent content = new(Request.Replace("STREAM", "true", StringComparison.Ordinal), Encoding.UTF8, "application/json");
        using HttpResponseMessage answer = await fixture.Service.Client.PostAsync("/v1/responses", content);
        Assert.Equal("text/event-stream", answer.Content.Headers.ContentType!.MediaType);
        string[] blocks = (await answer.Content.ReadAsStringAsync()).Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
        List<(string Name, JsonElement Data)> events = [.. blocks.Select(Parse)];
        Assert.All(events, (one, i) =>
        {
            Assert.Equal(one.Name, Text(one.Data, "type"));
            Assert.Equal(i, one.Data.GetProperty("sequence_number").GetInt32());
        });
        Assert.Equal(
            [
                "response.created", "response.in_progress", "response.output_item.added", "response.content_part.added", "response.output_text.delta",
                "response.output_text.done", "response.content_part.done", "response.output_item.done", "response.incomplete",
            ],
            events.Select(one => one.Name).Where((name, i) => i == 0 || name != events[i - 1].Name));
        string text = string.Concat(events.Where(one => one.Name == "response.output_text.delta").Select(one => Text(one.Data, "delta")));
        Assert.Equal(text, Text(events.Single(one => one.Name == "response.output_text.done").Data, "text"));
        JsonElement last = events[^1].Data.GetProperty("response");
        Assert.Equal(text, OutputText(last));
        Assert.Equal("in_progress", Text(events[0].Data.GetProperty("response"), "status"));
        Assert.Equal(Text(events[0].Data.GetProperty("response"), "id"), Text(last, "id"));

        (_, JsonElement whole) = await fixture.PostAsync(Request.Replace("STREAM", "false", StringComparison.Ordinal));
        Assert.Equal(text, OutputText(whole));
    }

    [Theory]
    [InlineData("""[{"role":"user","content":"The mill"}]""")]
    [InlineData("""[{"type":"message","role":"user","content":[{"type":"input_text","text":"The mill"}]}]""")]
    [InlineData("""[{"role":"developer","content":"x"},{"role":"assistant","id":"msg_1","status":"completed","content":[{"type":"output_text","text":"y","annotations":[]}]},{"role":"user","content":"The mill"}]""")]
    public async Task Input_may_be_messages(string input)
    {
        (int status, JsonElement body) = await fixture.PostAsync($$"""{"model":"tiny-1","input":{{input}},"max_output_tokens":1}""");
        Assert.Equal((200, 1), (status, body.GetProperty("usage").GetProperty("output_tokens").GetInt32()));
    }

    [Fact]
    public async Task What_libraries_spell_out_is_accepted_where_it_changes_nothing()
    {
        (int status, _) = await fixture.PostAsync("""
            {"model":"tiny-1","input":"a","max_output_tokens":1,"stream":null,"temperature":null,"top_p":1,"truncation":"disabled","store":true,"background":false,"tools":[],"include":[],
            "tool_choice":"auto","parallel_tool_calls":true,"text":{"format":{"type":"text"}},"metadata":{},"user":"u","reasoning":null,"previous_response_id":null,"service_tier":"auto"}
            """);
        Assert.Equal(200, status);
    }

    [Theory]
    [InlineData(400, null, "")]
    [InlineData(400, null, "[]")]
    [InlineData(400, null, "{")]
    [InlineData(400, null, """{"model":"tiny-1","model":"tiny-1","input":"a"}""")]
    [InlineData(400, "missing_required_parameter", "{}")]
    [InlineData(400, "missing_required_parameter", """{"model":"tiny-1"}""")]
    [InlineData(400, "missing_required_parameter", """{"input":"a"}""")]
    [InlineData(404, "model_not_found", """{"model":"gpt","input":"a"}""")]
    [InlineData(400, "invalid_value", """{"model":1,"input":"a"}""")]
    [InlineData(400, "invalid_value", """{"model":"tiny-1","input":""}""")]
    [InlineData(400, "invalid_value", """{"model":"tiny-1","input":[]}""")]
    [InlineData(400, "invalid_value", """{"model":"tiny-1","input":5}""")]
    [InlineData(400, "invalid_value", """{"model":"tiny-1","input":[{"role":"user"}]}""")]
    [InlineData(400, "invalid_value", """{"model":"tiny-1","input":[{"role":"root","content":"a"}]}""")]
    [InlineData(400, "invalid_value", """{"model":"tiny-1","input":[{"role":"user","content":[{"type":"input_image","image_url":"x"}]}]}""")]
    [InlineData(400, "invalid_value", """{"model":"tiny-1","input":[{"type":"function_call_output","output":"x"}]}""")]
    [InlineData(400, "invalid_value", """{"model":"tiny-1","input":"a","max_output_tokens":0}""")]
    [InlineData(400, "invalid_value", """{"model":"tiny-1","input":"a","max_output_tokens":1025}""")]
    [InlineData(400, "invalid_value", """{"model":"tiny-1","input":"a","max_output_tokens":1.5}""")]
    [InlineData(400, "invalid_value", """{"model":"tiny-1","input":"a","temperature":2.1}""")]
    [InlineData(400, "invalid_value", """{"model":"tiny-1","input":"a","temperature":1e999}""")]
    [InlineData(400, "invalid_value", """{"model":"tiny-1","input":"a","top_p":"1"}""")]
    [InlineData(400, "invalid_value", """{"model":"tiny-1","input":"a","stream":"yes"}""")]
    [InlineData(400, "invalid_value", """{"model":"tiny-1","input":"a","truncation":"all"}""")]
    [InlineData(400, "unsupported_parameter", """{"model":"tiny-1","input":"a","tools":[{"type":"web_search"}]}""")]
    [InlineData(400, "unsupported_parameter", """{"model":"tiny-1","input":"a","previous_response_id":"resp_1"}""")]
    [InlineData(400, "unsupported_parameter", """{"model":"tiny-1","input":"a","background":true}""")]
    [InlineData(400, "unsupported_parameter", """{"model":"tiny-1","input":"a","text":{"format":{"type":"json_object"}}}""")]
    [InlineData(400, "unknown_parameter", """{"model":"tiny-1","input":"a","inputs":"a"}""")]
    [InlineData(400, null, """{"model":"tiny-1","input":"\ud800"}""")]
    [InlineData(400, null, """{"\ud800":1,"\ud801":1}""")]
    public async Task A_request_that_cannot_be_met_is_refused_in_the_APIs_shape(int status, string? code, string json)
    {
        (int actual, JsonElement body) = await fixture.PostAsync(json);
        Assert.Equal(status, actual);
        JsonElement error = body.GetProperty("error");
        Assert.Equal("invalid_request_error", Text(error, "type"));
        Assert.Equal(code, Text(error, "code"));
        Assert.NotEmpty(Text(error, "message")!);
    }

    [Fact]
    public async Task Another_type_a_body_too_long_and_an_input_too_long_are_refused()
    {
        Assert.Equal(415, (await fixture.PostAsync("""{"model":"tiny-1","input":"a"}""", "text/plain")).Status);
        string announced = await fixture.Service.SendAsync("POST /v1/responses HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 65537\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 413 ", announced, StringComparison.Ordinal);
        string chunked = await fixture.Service.SendAsync(
            $"POST /v1/responses HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n10001\r\n{new string(' ', 65537)}\r\n");
        Assert.DoesNotContain("HTTP/1.1 200 ", chunked, StringComparison.Ordinal);
        string tooLong = $"\"model\":\"tiny-1\",\"max_output_tokens\":1,\"input\":\"{string.Concat(Enumerable.Repeat("q ", 2000))}\"";
        Assert.Equal("context_length_exceeded", Text((await fixture.PostAsync($"{{{tooLong}}}")).Body.GetProperty("error"), "code"));
        (int status, JsonElement body) = await fixture.PostAsync($"{{{tooLong},\"truncation\":\"auto\"}}");
        Assert.Equal((200, 1024), (status, body.GetProperty("usage").GetProperty("input_tokens").GetInt32()));
    }

    [Fact]
    public async Task The_model_is_listed()
    {
        using JsonDocument json = JsonDocument.Parse(await fixture.Service.Client.GetStringAsync("/v1/models"));
        Assert.Equal("list", Text(json.RootElement, "object"));
        Assert.Equal("tiny-1", Text(Assert.Single(json.RootElement.GetProperty("data").EnumerateArray()), "id"));
    }

    [Fact]
    public async Task Only_POST_is_answered()
    {
        using HttpResponseMessage answer = await fixture.Service.Client.GetAsync("/v1/responses");
        Assert.Equal(HttpStatusCode.MethodNotAllowed, answer.StatusCode);
        Assert.Equal(["POST"], answer.Content.Headers.Allow);
    }

    [Fact]
    public async Task Prompts_and_answers_reach_neither_output()
    {
        using ServiceWithModel own = new();
        await own.PostAsync("""{"model":"tiny-1","input":"a very secret prompt","max_output_tokens":3}""");
        await own.PostAsync("""{"model":"tiny-1","input":"a very secret prompt","tools":[1]}""");
        Assert.Equal((0, ""), own.Service.Stop());
    }

    [Fact]
    public async Task Without_weights_there_is_no_model_and_wrong_ones_stop_the_service()
    {
        using TemporaryFolder folder = new();
        using RunningService service = RunningService.StartWith(["--weights", folder["absent"]]);
        using StringContent content = new("""{"model":"tiny-1","input":"a"}""", Encoding.UTF8, "application/json");
        using HttpResponseMessage answer = await service.Client.PostAsync("/v1/responses", content);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.Contains("model_not_loaded", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal("""{"object":"list","data":[]}""", await service.Client.GetStringAsync("/v1/models"));

        byte[] file = TinyModel.File(TinyModel.Untrained);
        File.WriteAllBytes(folder["wrong"], file[..^4]);
        Assert.Equal((3, ""), RunningService.RunToEnd("--listen", "127.0.0.1:0", "--weights", folder["wrong"]));
    }

    private static (string Name, JsonElement Data) Parse(string block)
    {
        string[] lines = block.Split('\n');
        Assert.Equal(2, lines.Length);
        return (lines[0]["event: ".Length..], JsonDocument.Parse(lines[1]["data: ".Length..]).RootElement);
    }

    private static string? OutputText(JsonElement response) => Text(response.GetProperty("output")[0].GetProperty("content")[0], "text");

    private static string? Text(JsonElement element, string name) => element.GetProperty(name).GetString();
}
