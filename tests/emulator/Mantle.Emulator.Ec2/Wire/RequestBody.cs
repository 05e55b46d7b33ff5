using System.Buffers;
using Microsoft.AspNetCore.Http;

namespace Mantle.Emulator.Ec2.Wire;

/// <summary>A request's body, in a rented buffer: blocks come by the thousand.</summary>
internal sealed class RequestBody : IDisposable
{
    private const int Largest = 1 << 20;

    private readonly byte[] _buffer;
    private readonly int _length;

    private RequestBody(byte[] buffer, int length) => (_buffer, _length) = (buffer, length);

    public ReadOnlyMemory<byte> Bytes => _buffer.AsMemory(0, _length);

    /// <summary>The fault that was taken before the body was read.</summary>
    public Ec2Fault? Fault { get; private init; }

    /// <summary>Whether the rest is not to be read.</summary>
    public bool IsCut { get; private init; }

    public static async Task<RequestBody> ReadAsync(HttpContext http, Func<Ec2Fault?>? fault)
    {
        Ec2Fault? taken = fault?.Invoke();
        long announced = http.Request.ContentLength ?? 0;
        if (announced > Largest)
        {
            throw new BadHttpRequestException("too large", 413);
        }

        byte[] buffer = ArrayPool<byte>.Shared.Rent((int)Math.Max(announced, 1));
        int wanted = taken?.CutsRequest == true ? (int)announced / 2 : (int)announced;
        int length = await http.Request.Body.ReadAtLeastAsync(buffer.AsMemory(0, Math.Max(wanted, 0)), wanted, throwOnEndOfStream: false, http.RequestAborted);
        return new(buffer, length) { Fault = taken, IsCut = taken?.CutsRequest == true };
    }

    public void Dispose() => ArrayPool<byte>.Shared.Return(_buffer);
}
