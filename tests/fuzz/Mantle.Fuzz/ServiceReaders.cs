using System.Text;
using Mantle.Fuzz.Seeds;
using Mantle.Measure;
using Mantle.Measure.Connection;
using Mantle.Model;
using Mantle.Service.Attestation;
using Mantle.Service.Responses;

namespace Mantle.Fuzz;

/// <summary>What the service reads from clients, from the broker and from its volume; and what its client reads from whoever answers.</summary>
internal static class ServiceReaders
{
    private static readonly IReadOnlyList<byte[]> s_json = Texts.Words(
        "null", "[]", "{}", "\"\"", "0", "-1", "1e999", "true", "\\ud800", "\\u0000", "\"input\":", "\"role\":\"user\"", "\"content\":[{\"type\":\"input_text\",\"text\":\"a\"}]", "\"tools\":", "\"stream\":true");

    public static IReadOnlyList<FuzzReader> All { get; } =
    [
        new("weights", () => [Weights()], bytes => ModelFile.Read(new MemoryStream(bytes), bytes.Length))
        {
            Refuses = problem => problem is InvalidDataException,
        },
        new("tokenizer", () => [Texts.Bytes("the heath was wide, and the road over it was long")], Tokenize),
        new("broker answer", () => [[0, 0, 0, 16, 0], [1, 0, 0, 0, 0]], bytes => BrokerMessages.ReadHeader(bytes.Length >= BrokerMessages.AnswerHeaderLength ? bytes : new byte[5]))
        {
            Refuses = problem => problem is InvalidDataException,
        },
        new("attestation query", () => [Texts.Bytes("?nonce=00ff")], bytes => AttestationResource.ReadNonce(Encoding.Latin1.GetString(bytes))),
        new("response request", Requests, bytes => RequestReader.Read(bytes))
        {
            Refuses = problem => problem is ApiException { Status: >= 400 and < 500 },
            Words = s_json,
        },
        new("http answer", Answers, ReadAnswer) { Words = Texts.Words("\r\n", "\r\n\r\n", "Content-Length: ", "Transfer-Encoding: chunked\r\n", "0\r\n\r\n", "ffffffff\r\n", "HTTP/1.1 ", ":", "\0"), Refuses = IsRefusal },
        new("event stream", () => [Http("text/event-stream", Events)], ReadEvents) { Words = Texts.Words("data:", "\n\n", "\r\n", "event: ", "\"delta\":", "null"), Refuses = IsRefusal },
        new("response answer", () => [Texts.Bytes(Answer), Texts.Bytes("""{"data":[{"id":"a"}]}"""), Texts.Bytes("""{"error":{"message":"a"}}""")], ReadObject) { Words = s_json },
    ];

    private const string Answer =
        """{"object":"response","status":"completed","output":[{"type":"reasoning"},{"type":"message","content":[{"type":"output_text","text":"a"}]}]}""";

    private const string Events =
        "event: response.created\ndata: {\"type\":\"response.created\"}\n\n: x\ndata: {\"type\":\"response.output_text.delta\",\"delta\":\"a\"}\n\ndata: {\"type\":\"response.completed\"}\n\n";

    private static readonly Tokenizer s_tokenizer = new([.. Enumerable.Range(0, 15).Select(i => (' ' + 1, 'a' + 1 + i))]);

    // The connection's end within an answer, and an appliance that says that it failed, are refusals too.
    private static bool IsRefusal(Exception problem) => problem is Formats.Bytes.MalformedInputException or IOException or UserErrorException;

    private static byte[] Weights()
    {
        ModelShape shape = new(272, 16, 16);
        using MemoryStream stream = new();
        ModelFile.Write(new("tiny", s_tokenizer, new(shape, [.. Enumerable.Range(0, shape.Parameters).Select(i => i / 1000f)])), stream);
        return stream.ToArray();
    }

    private static void Tokenize(byte[] bytes)
    {
        IEnumerable<byte> back = s_tokenizer.Encode(bytes).SelectMany(token => s_tokenizer.Bytes(token).ToArray());
        if (!back.SequenceEqual(bytes))
        {
            throw new InvalidOperationException("the tokens do not give back the text");
        }
    }

    private static IReadOnlyList<byte[]> Requests() =>
    [
        Texts.Bytes("""{"model":"m","input":"a","instructions":"b","max_output_tokens":5,"temperature":0.5,"top_p":1,"stream":true,"truncation":"auto","metadata":{},"tools":[]}"""),
        Texts.Bytes("""{"model":"m","input":[{"role":"user","content":"a"},{"type":"message","role":"assistant","content":[{"type":"output_text","text":"a","annotations":[]}]}],"text":{"format":{"type":"text"}}}"""),
    ];

    private static IReadOnlyList<byte[]> Answers() =>
    [
        [.. Http("application/json", Answer), .. Http("application/cose", "a")],
        Texts.Bytes("HTTP/1.1 200 OK\r\nContent-Type: application/cose\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\nHTTP/1.1 503 \r\nContent-Length: 0\r\n\r\n"),
    ];

    private static byte[] Http(string type, string body) => Texts.Bytes($"HTTP/1.1 200 OK\r\nContent-Type: {type}\r\nContent-Length: {body.Length}\r\n\r\n{body}");

    private static void ReadAnswer(byte[] bytes)
    {
        HttpReader reader = new(new MemoryStream(bytes));
        for (int i = 0; i < 2; i++)
        {
            reader.ReadHeadAsync(CancellationToken.None).GetAwaiter().GetResult();
            reader.ReadWholeBodyAsync(1 << 14, CancellationToken.None).GetAwaiter().GetResult();
        }
    }

    private static void ReadEvents(byte[] bytes)
    {
        HttpReader reader = new(new MemoryStream(bytes));
        reader.ReadHeadAsync(CancellationToken.None).GetAwaiter().GetResult();
        new EventReader(reader, 1 << 16).ReadAsync(_ => { }, CancellationToken.None).GetAwaiter().GetResult();
    }

    private static void ReadObject(byte[] bytes)
    {
        AnswerReader.ReadError(bytes);
        if (bytes.AsSpan().IndexOf("\"output\""u8) >= 0)
        {
            AnswerReader.ReadResponse(bytes);
        }
        else if (bytes.AsSpan().IndexOf("\"data\""u8) >= 0)
        {
            AnswerReader.ReadFirstModel(bytes);
        }
    }
}
