using System.Net.Sockets;

namespace Mantle.Service.Attestation;

/// <summary>Asks the privileged side for attestation documents: it alone opens the TPM, and binds whatever it hands out to the TLS key that it is told.</summary>
/// <param name="socket">The path of its socket.</param>
/// <param name="keyDigest">SHA-256 of the TLS certificate's SubjectPublicKeyInfo.</param>
internal sealed class AttestationBroker(string socket, byte[] keyDigest)
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    /// <summary>Asks for one document; any failure on the way is one of the TPM's side.</summary>
    public async Task<(BrokerStatus Status, byte[] Document)> AskAsync(byte[] nonce, CancellationToken cancellation)
    {
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(s_patience);
        try
        {
            using Socket connection = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await connection.ConnectAsync(new UnixDomainSocketEndPoint(socket), patience.Token);
            await using NetworkStream stream = new(connection);
            await stream.WriteAsync(BrokerMessages.Request(keyDigest, nonce), patience.Token);
            byte[] header = new byte[BrokerMessages.AnswerHeaderLength];
            await stream.ReadExactlyAsync(header, patience.Token);
            (BrokerStatus status, int length) = BrokerMessages.ReadHeader(header);
            byte[] document = new byte[length];
            await stream.ReadExactlyAsync(document, patience.Token);
            return (status, document);
        }
        catch (Exception exception) when (exception is SocketException or IOException or InvalidDataException)
        {
            return (BrokerStatus.TpmFailed, []);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return (BrokerStatus.TpmFailed, []);
        }
    }
}
