using System.Net.Sockets;
using Mantle.Testing;

namespace Mantle.Service.Tests.Attestation;

/// <summary>The privileged side's socket, with answers as a test wants them.</summary>
public sealed class FakeBroker : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly Socket listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);

    public FakeBroker()
    {
        listener.Bind(new UnixDomainSocketEndPoint(Path));
        listener.Listen();
        _ = ServeAsync();
    }

    public string Path => folder["socket"];

    /// <summary>What it says; an empty answer closes the connection.</summary>
    public Func<byte[], byte[]> Answer { get; set; } = _ => [];

    public List<byte[]> Requests { get; } = [];

    public static byte[] Ok(ReadOnlySpan<byte> document) => [0, 0, 0, (byte)(document.Length >> 8), (byte)document.Length, .. document];

    /// <summary>Ends the broker; its socket stays, and nobody is behind it.</summary>
    public void Stop() => listener.Dispose();

    public void Dispose()
    {
        Stop();
        folder.Dispose();
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                using Socket connection = await listener.AcceptAsync();
                byte[] buffer = new byte[256];
                int length = await connection.ReceiveAsync(buffer);
                byte[] request = buffer[..length];
                lock (Requests)
                {
                    Requests.Add(request);
                }

                await connection.SendAsync(Answer(request));
            }
        }
        catch (Exception exception) when (exception is SocketException or InvalidOperationException)
        {
            // The test is over.
        }
    }
}
