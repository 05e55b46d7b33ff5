using System.Text;
using Mantle.Formats.Bytes;

namespace Mantle.Measure.Connection;

/// <summary>Reads server-sent events (WHATWG HTML, "Server-sent events") with one line of data each, as the Responses API has them, up to the one that ends the answer.</summary>
/// <param name="reader">The connection, at the start of a body.</param>
/// <param name="limit">Most bytes of the whole stream.</param>
public sealed class EventReader(HttpReader reader, int limit)
{
    private const string Format = "event stream";

    // The last events carry the whole answer again.
    private const int MaximumEvent = 1 << 20;

    private readonly byte[] _buffer = new byte[4096];
    private readonly List<byte> _line = [];
    private readonly StringBuilder _answer = new();
    private byte[]? _data;
    private long _total;

    /// <summary>Reads to the end of the answer, and then to that of the body.</summary>
    /// <param name="onText">Given each piece.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    /// <returns>The whole text.</returns>
    /// <exception cref="MalformedInputException">It is no stream of the API, or longer than the limit.</exception>
    /// <exception cref="UserErrorException">The server ends it with an error.</exception>
    public async Task<string> ReadAsync(Action<string> onText, CancellationToken cancellation)
    {
        bool isDone = false;
        int count;
        while ((count = await reader.ReadBodyAsync(_buffer, cancellation).ConfigureAwait(false)) > 0)
        {
            _total += count;
            if (_total > limit)
            {
                throw new MalformedInputException(Format, _total, $"more than {limit} bytes");
            }

            for (int i = 0; i < count; i++)
            {
                if (_buffer[i] != '\n')
                {
                    _line.Add(_buffer[i]);
                    continue;
                }

                isDone |= TakeLine(onText);
                _line.Clear();
            }

            if (_line.Count > MaximumEvent)
            {
                throw new MalformedInputException(Format, _total, $"an event of more than {MaximumEvent} bytes");
            }
        }

        return isDone ? _answer.ToString() : throw new MalformedInputException(Format, _total, "it ends before the answer does");
    }

    /// <summary>Takes a line; true if it completes the event that ends the answer.</summary>
    private bool TakeLine(Action<string> onText)
    {
        if (_line is [.., (byte)'\r'])
        {
            _line.RemoveAt(_line.Count - 1);
        }

        if (_line.Count > 0)
        {
            byte[] line = [.. _line];
            if (line.AsSpan().StartsWith("data:"u8))
            {
                _data = _data is null ? line[5..] : throw new MalformedInputException(Format, _total, "an event with two lines of data");
            }

            return false;
        }

        byte[]? data = _data;
        _data = null;
        return data is not null && TakeEvent(data, onText);
    }

    private bool TakeEvent(byte[] data, Action<string> onText)
    {
        (string type, string? text) = AnswerReader.ReadEvent(data);
        if (text is not null)
        {
            _answer.Append(text);
            onText(text);
        }

        return type is "response.failed" or "error"
            ? throw new UserErrorException("the appliance failed within its answer", exitCode: ExitCode.Remote)
            : type is "response.completed" or "response.incomplete";
    }
}
