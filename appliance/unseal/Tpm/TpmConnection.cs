using System.Security.Cryptography;
using Mantle.Formats.Bytes;

namespace Mantle.Unseal.Tpm;

/// <summary>Sends commands, again while the TPM is busy.</summary>
/// <param name="transport">The way to the TPM.</param>
/// <param name="wait">Waits between two tries.</param>
internal sealed class TpmConnection(ITpmTransport transport, Action<TimeSpan> wait)
{
    /// <summary>With waits of 20 ms, doubled each time up to one second: about ten seconds in all.</summary>
    private const int Tries = 15;

    private const ushort NoSessions = 0x8001, Sessions = 0x8002;
    private const int HeaderSize = 10;

    /// <summary>A command without authorisation.</summary>
    /// <param name="code">The command.</param>
    /// <param name="body">Handles and parameters.</param>
    /// <param name="hasHandle">Whether the response has a handle.</param>
    /// <exception cref="TpmRefusedException">The TPM refused.</exception>
    /// <exception cref="MalformedInputException">The response is none.</exception>
    /// <exception cref="UnsealException">The TPM is busy, or its device failed.</exception>
    public TpmReply Send(TpmCode code, ReadOnlySpan<byte> body, bool hasHandle = false)
    {
        using TpmBuffer message = new();
        message.UInt16(NoSessions).UInt32((uint)(HeaderSize + body.Length)).UInt32((uint)code).Raw(body);
        return TpmReply.Read(Transmit(code, message.Written).Span, hasSessions: false, hasHandle);
    }

    /// <summary>A command with one authorisation. The parameters are encrypted in place if the attributes say so.</summary>
    public TpmReply Send(
        TpmCode code, ReadOnlySpan<byte> handles, ReadOnlySpan<byte> names, Span<byte> parameters, TpmSession session, ReadOnlySpan<byte> authValue, TpmSessionAttributes attributes, bool hasHandle = false)
    {
        using TpmBuffer area = new();
        session.Authorize(code, names, parameters, authValue, attributes, area);
        using TpmBuffer message = new();
        message.UInt16(Sessions).UInt32((uint)(HeaderSize + handles.Length + 4 + area.Written.Length + parameters.Length)).UInt32((uint)code)
            .Raw(handles).UInt32((uint)area.Written.Length).Raw(area.Written).Raw(parameters);
        ReadOnlyMemory<byte> response = Transmit(code, message.Written);
        if (code == TpmCode.NsmRequest)
        {
            // AWS's client looks at nothing but the code of this response, so nothing else is known about it. The answer is in the index.
            return default;
        }

        TpmReply reply = TpmReply.Read(response.Span, hasSessions: true, hasHandle);
        session.Accept(code, reply, authValue, attributes);
        return reply;
    }

    private ReadOnlyMemory<byte> Transmit(TpmCode code, ReadOnlySpan<byte> message)
    {
        byte[] command = message.ToArray();
        try
        {
            for (int attempt = 0; ; attempt++)
            {
                ReadOnlyMemory<byte> response = transport.Transmit(command);
                uint answered = TpmReply.ReadCode(response.Span);
                if (answered == 0)
                {
                    return response;
                }

                if (!TpmResponseCode.IsBusy(answered))
                {
                    throw new TpmRefusedException(code, answered);
                }

                if (attempt == Tries - 1)
                {
                    throw new UnsealException(Stage.TpmBusy);
                }

                wait(TimeSpan.FromMilliseconds(Math.Min(20 << attempt, 1000)));
            }
        }
        catch (IOException e)
        {
            throw new UnsealException(Stage.Tpm, e);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(command);
        }
    }
}
