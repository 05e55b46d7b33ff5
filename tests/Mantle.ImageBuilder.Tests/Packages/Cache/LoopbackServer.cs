using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Mantle.ImageBuilder.Tests.Packages.Cache;

/// <summary>An HTTP server on loopback that misbehaves as told: the n-th request for a path gets the path's n-th answer, the last one ever after.</summary>
public sealed class LoopbackServer : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<string, (byte[] Body, Queue<Answer> Answers)> _paths = new();

    public LoopbackServer()
    {
        _listener.Start();
        _ = Task.Run(AcceptAsync);
    }

    /// <summary>Path and Range header of each request, in order of arrival.</summary>
    public ConcurrentQueue<(string Path, string Range)> Requests { get; } = new();

    public Uri this[string path] => new($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/{path}");

    public void Serve(string path, byte[] body, params Answer[] answers) => _paths["/" + path] = (body, new Queue<Answer>(answers));

    public void Dispose()
    {
        _stop.Cancel();
        _listener.Dispose();
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            TcpClient client = await _listener.AcceptTcpClientAsync(_stop.Token);
            _ = Task.Run(async () =>
            {
                using (client)
                {
                    await AnswerAsync(client.GetStream());
                }
            });
        }
    }

    private async Task AnswerAsync(NetworkStream stream)
    {
        using StreamReader reader = new(stream, Encoding.ASCII, leaveOpen: true);
        string path = (await reader.ReadLineAsync())!.Split(' ')[1];
        string range = "";
        for (string? line; (line = await reader.ReadLineAsync()) is { Length: > 0 };)
        {
            range = line.StartsWith("Range: ", StringComparison.Ordinal) ? line[7..] : range;
        }

        Requests.Enqueue((path, range));
        if (!_paths.TryGetValue(path, out (byte[] Body, Queue<Answer> Answers) served))
        {
            await SendAsync(stream, "404 Not Found", [], 0);
            return;
        }

        Answer answer;
        lock (served.Answers)
        {
            answer = served.Answers.Count > 1 ? served.Answers.Dequeue() : served.Answers.Peek();
        }

        byte[] body = served.Body;
        int from = range.Length == 0 ? 0 : int.Parse(range["bytes=".Length..^1], CultureInfo.InvariantCulture);
        string partial = $"206 Partial Content\r\nContent-Range: bytes {from}-{body.Length - 1}/{body.Length}";
        byte[] rest = body[from..];
        switch (answer)
        {
            case Answer.Truncate:
                await SendAsync(stream, from == 0 ? "200 OK" : partial, rest[..(rest.Length / 2)], rest.Length);
                break;
            case Answer.Stall:
                await SendAsync(stream, from == 0 ? "200 OK" : partial, rest[..(rest.Length / 2)], rest.Length);
                await Task.Delay(Timeout.Infinite, _stop.Token);
                break;
            case Answer.Silence:
                await Task.Delay(Timeout.Infinite, _stop.Token);
                break;
            case Answer.WrongBytes:
                byte[] wrong = [.. rest];
                wrong[^1] ^= 1;
                await SendAsync(stream, from == 0 ? "200 OK" : partial, wrong, wrong.Length);
                break;
            case Answer.IgnoreRange:
                await SendAsync(stream, "200 OK", body, body.Length);
                break;
            case Answer.OtherRange:
                await SendAsync(stream, $"206 Partial Content\r\nContent-Range: bytes 0-{body.Length - 1}/{body.Length}", body, body.Length);
                break;
            case Answer.NotSatisfiable:
                await SendAsync(stream, "416 Range Not Satisfiable", [], 0);
                break;
            case Answer.TooLong:
                await SendAsync(stream, "200 OK", [.. body, 0], body.Length + 1);
                break;
            case Answer.EndlessWithoutLength:
                await SendAsync(stream, "200 OK", body, null);
                while (true)
                {
                    await stream.WriteAsync(new byte[1 << 16], _stop.Token);
                }

            case Answer.WithoutLength:
                await SendAsync(stream, "200 OK", body, null);
                break;
            case Answer.Unavailable:
                await SendAsync(stream, "503 Service Unavailable", [], 0);
                break;
            case Answer.Forbidden:
                await SendAsync(stream, "403 Forbidden", [], 0);
                break;
            case Answer.Gone:
                await SendAsync(stream, "410 Gone", [], 0);
                break;
            case Answer.Nothing:
                break;
            default:
                await SendAsync(stream, from == 0 ? "200 OK" : partial, rest, rest.Length);
                break;
        }
    }

    private static async Task SendAsync(NetworkStream stream, string status, byte[] body, int? length)
    {
        string header = length is null ? "" : string.Create(CultureInfo.InvariantCulture, $"Content-Length: {length}\r\n");
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 {status}\r\n{header}Connection: close\r\n\r\n"));
        await stream.WriteAsync(body);
        await stream.FlushAsync();
    }
}

public enum Answer
{
    Ok,
    Truncate,
    Stall,
    Silence,
    WrongBytes,
    IgnoreRange,
    OtherRange,
    NotSatisfiable,
    TooLong,
    EndlessWithoutLength,
    WithoutLength,
    Unavailable,
    Forbidden,
    Gone,
    Nothing,
}
