using System.Buffers;
using System.Globalization;
using System.Text;
using Mantle.Formats.Bytes;

namespace Mantle.Measure.Connection;

/// <summary>
/// Reads answers of HTTP/1.1 (RFC 9112) from a server that nobody trusts: every line, every header and every body has a limit, a length is stated once, and what this
/// client never asks for (other versions, interim answers, compression) is refused.
/// </summary>
/// <param name="stream">The connection.</param>
public sealed class HttpReader(Stream stream)
{
    private const string Format = "http";
    private const int MaximumLine = 8 * 1024;
    private const int MaximumHeaders = 64;
    private const int MaximumHead = 16 * 1024;
    private const int MaximumChunkLine = 256;

    // RFC 9110, 5.6.2.
    private static readonly SearchValues<char> s_token = SearchValues.Create("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    private readonly byte[] _buffer = new byte[16 * 1024];
    private int _start;
    private int _end;
    private long _consumed;
    private long _left;
    private bool _isChunked;
    private bool _isBodyDone = true;

    /// <summary>Reads status line and headers. The body before has to be read to its end.</summary>
    /// <exception cref="MalformedInputException">It is no answer, or one that is refused.</exception>
    /// <exception cref="IOException">The connection ends.</exception>
    public async Task<HttpHead> ReadHeadAsync(CancellationToken cancellation)
    {
        if (!_isBodyDone)
        {
            throw new InvalidOperationException("the body before is not read");
        }

        int status = ReadStatus(await ReadLineAsync(MaximumLine, cancellation).ConfigureAwait(false));
        HeaderSet headers = new();
        long start = _consumed;
        for (int count = 0; ; count++)
        {
            string line = await ReadLineAsync(MaximumLine, cancellation).ConfigureAwait(false);
            if (line.Length == 0)
            {
                break;
            }

            if (count == MaximumHeaders || _consumed - start > MaximumHead)
            {
                throw Malformed("more headers than an answer has");
            }

            int colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon <= 0 || line.AsSpan(0, colon).ContainsAnyExcept(s_token))
            {
                throw Malformed("a header has no name");
            }

            headers.Add(line[..colon], line[(colon + 1)..].Trim(' ', '\t'), Malformed);
        }

        HttpHead head = headers.ToHead(status, Malformed);
        _isChunked = head.Length is null;
        _left = head.Length ?? 0;
        _isBodyDone = head.Length == 0;
        return head;
    }

    /// <summary>Reads the next bytes of the body; 0 at its end.</summary>
    /// <exception cref="MalformedInputException">The chunks are not sound.</exception>
    /// <exception cref="IOException">The connection ends within the body.</exception>
    public async ValueTask<int> ReadBodyAsync(Memory<byte> target, CancellationToken cancellation)
    {
        if (_isBodyDone)
        {
            return 0;
        }

        if (_left == 0)
        {
            _left = ReadChunkLength(await ReadLineAsync(MaximumChunkLine, cancellation).ConfigureAwait(false));
            if (_left == 0)
            {
                // Trailers are allowed and unused; nobody here sends them.
                _isBodyDone = (await ReadLineAsync(MaximumChunkLine, cancellation).ConfigureAwait(false)).Length == 0
                    ? true
                    : throw Malformed("there is something behind the last chunk");
                return 0;
            }
        }

        await FillAsync(cancellation).ConfigureAwait(false);
        int count = (int)Math.Min(Math.Min(target.Length, _end - _start), _left);
        _buffer.AsSpan(_start, count).CopyTo(target.Span);
        Advance(count);
        _left -= count;
        if (_left == 0)
        {
            if (!_isChunked)
            {
                _isBodyDone = true;
            }
            else if ((await ReadLineAsync(MaximumChunkLine, cancellation).ConfigureAwait(false)).Length != 0)
            {
                throw Malformed("a chunk is longer than it says");
            }
        }

        return count;
    }

    /// <summary>Reads the whole body.</summary>
    /// <param name="limit">Most bytes that it may have.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    /// <exception cref="MalformedInputException">It has more, or the chunks are not sound.</exception>
    public async Task<byte[]> ReadWholeBodyAsync(int limit, CancellationToken cancellation)
    {
        if (!_isChunked && _left > limit)
        {
            throw Malformed($"an answer of {_left} bytes, at most {limit} are read");
        }

        ArrayBufferWriter<byte> body = new();
        int count;
        while ((count = await ReadBodyAsync(body.GetMemory(4096), cancellation).ConfigureAwait(false)) > 0)
        {
            body.Advance(count);
            if (body.WrittenCount > limit)
            {
                throw Malformed($"an answer of more than {limit} bytes");
            }
        }

        return body.WrittenSpan.ToArray();
    }

    private int ReadStatus(string line)
    {
        // "HTTP/1.1 200", then a space and a phrase that may be empty; some servers leave the space out with it.
        bool isStatus = line.StartsWith("HTTP/1.1 ", StringComparison.Ordinal) && line.Length >= 12 && (line.Length == 12 || line[12] == ' ')
            && int.TryParse(line.AsSpan(9, 3), NumberStyles.None, CultureInfo.InvariantCulture, out int status) && status is >= 200 and <= 599;
        return isStatus ? int.Parse(line.AsSpan(9, 3), CultureInfo.InvariantCulture) : throw Malformed("it does not start as a final answer of HTTP/1.1 does");
    }

    private long ReadChunkLength(string line)
    {
        ReadOnlySpan<char> digits = line.AsSpan(0, line.IndexOf(';', StringComparison.Ordinal) is >= 0 and int end ? end : line.Length).TrimEnd();
        return digits.Length is > 0 and <= 8 && uint.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint length)
            ? length
            : throw Malformed("a chunk has no length");
    }

    private async ValueTask<string> ReadLineAsync(int limit, CancellationToken cancellation)
    {
        StringBuilder line = new();
        while (true)
        {
            await FillAsync(cancellation).ConfigureAwait(false);
            int end = _buffer.AsSpan(_start, _end - _start).IndexOf((byte)'\n');
            int count = end >= 0 ? end : _end - _start;
            if (line.Length + count > limit)
            {
                throw Malformed($"a line of more than {limit} bytes");
            }

            line.Append(Encoding.Latin1.GetString(_buffer, _start, count));
            Advance(end >= 0 ? count + 1 : count);
            if (end >= 0)
            {
                break;
            }
        }

        if (line.Length == 0 || line[^1] != '\r')
        {
            throw Malformed("a line does not end with CR LF");
        }

        line.Length--;
        string text = line.ToString();
        return text.AsSpan().ContainsAny('\r', '\0') ? throw Malformed("a control character in a line") : text;
    }

    private async ValueTask FillAsync(CancellationToken cancellation)
    {
        if (_start < _end)
        {
            return;
        }

        _start = 0;
        _end = await stream.ReadAsync(_buffer, cancellation).ConfigureAwait(false);
        if (_end == 0)
        {
            throw new IOException("the server closed the connection within an answer");
        }
    }

    private void Advance(int count)
    {
        _start += count;
        _consumed += count;
    }

    private MalformedInputException Malformed(string problem) => new(Format, _consumed, problem);
}
