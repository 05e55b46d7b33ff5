using System.Security.Cryptography;
using Mantle.Formats.Bytes;

namespace Mantle.Unseal.Tpm;

/// <summary>
/// Asks NitroTPM for attestation documents: with a password session, and if the device asks for it (<see cref="TpmResponseCode.AsksForSession"/>) with salted HMAC
/// sessions and parameter encryption, as AWS's own client does it. Nothing stays in the TPM.
/// </summary>
/// <param name="open">Opens the way to the TPM.</param>
/// <param name="wait">Waits while the TPM is busy.</param>
internal sealed class NitroAttestor(Func<ITpmTransport> open, Action<TimeSpan> wait)
{
    private const int NameAlgorithmSha512 = 0x000d;

    private readonly Lock _lock = new();
    private bool _needsHmac;

    /// <summary>A document.</summary>
    /// <param name="publicKey">A key that the document names; empty for none.</param>
    /// <param name="userData">Data that the document names; empty for none.</param>
    /// <param name="nonce">A nonce that the document names; empty for none.</param>
    /// <exception cref="UnsealException">The TPM is not there, busy, refuses, or answers nonsense.</exception>
    public byte[] Attest(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> userData, ReadOnlySpan<byte> nonce)
    {
        byte[] request = NitroMessage.WriteRequest(publicKey, userData, nonce);
        lock (_lock)
        {
            try
            {
                using ITpmTransport transport = open();
                TpmConnection tpm = new(transport, wait);
                return NitroMessage.ReadDocument(_needsHmac ? ExchangeEncrypted(tpm, request) : Exchange(tpm, request));
            }
            catch (MalformedInputException e)
            {
                throw new UnsealException(Stage.TpmAnswer, e);
            }
            catch (TpmRefusedException e)
            {
                throw new UnsealException(Stage.TpmCommand, e);
            }
        }
    }

    private byte[] Exchange(TpmConnection tpm, byte[] request)
    {
        PasswordSession session = new();
        try
        {
            return Exchange(tpm, session, session, request);
        }
        catch (TpmRefusedException e) when (TpmResponseCode.AsksForSession(e.Code))
        {
            byte[] answer = ExchangeEncrypted(tpm, request);
            _needsHmac = true;
            return answer;
        }
    }

    private static byte[] Exchange(TpmConnection tpm, TpmSession session, TpmSession requestSession, byte[] request)
    {
        using NitroIndex index = NitroIndex.Define(tpm, session);
        try
        {
            index.Write(request);
            index.Request(requestSession);
            return index.Read();
        }
        finally
        {
            TryTo(() => NitroIndex.Undefine(tpm, session));
        }
    }

    /// <summary>/dev/tpm0 has no resource manager: what a process that died had loaded is still there. Nobody else uses this TPM, so all of it may go.</summary>
    private static byte[] ExchangeEncrypted(TpmConnection tpm, byte[] request)
    {
        try
        {
            return ExchangeOnce(tpm, request);
        }
        catch (TpmRefusedException e) when (TpmResponseCode.IsFull(e.Code))
        {
            FlushAll(tpm);
            return ExchangeOnce(tpm, request);
        }
    }

    private static byte[] ExchangeOnce(TpmConnection tpm, byte[] request)
    {
        List<uint> loaded = [];
        try
        {
            EndorsementKey key = EndorsementKey.Create(tpm);
            loaded.Add(key.Handle);
            using HmacSession session = StartSession(tpm, key, hasCipher: true);
            loaded.Add(session.Handle);
            using HmacSession requestSession = StartSession(tpm, key, hasCipher: false);
            loaded.Add(requestSession.Handle);
            return Exchange(tpm, session, requestSession, request);
        }
        finally
        {
            foreach (uint handle in Enumerable.Reverse(loaded))
            {
                TryTo(() => Flush(tpm, handle));
            }
        }
    }

    /// <summary>TPM2_StartAuthSession (part 3, 11.1): HMAC, salted, not bound, SHA-512, as AWS's client starts them.</summary>
    public static HmacSession StartSession(TpmConnection tpm, EndorsementKey key, bool hasCipher)
    {
        byte[] nonce = RandomNumberGenerator.GetBytes(HmacSession.Size);
        using SecretBytes salt = new(32);
        RandomNumberGenerator.Fill(salt.Span);
        using TpmBuffer body = new();
        body.UInt32(key.Handle).UInt32(TpmHandle.Null).Sized(nonce).Sized(key.Encrypt(salt.Span)).Byte(0);
        if (hasCipher)
        {
            body.UInt16(0x0006).UInt16(128).UInt16(0x0043);
        }
        else
        {
            body.UInt16(0x0010);
        }

        body.UInt16(NameAlgorithmSha512);
        TpmReply reply = tpm.Send(TpmCode.StartAuthSession, body.Written, hasHandle: true);
        SpanReader reader = new(reply.Parameters, TpmReply.Format);
        return reader.ReadUInt16BigEndian() == HmacSession.Size && reader.Remaining == HmacSession.Size
            ? new(reply.Handle, salt.Span, nonce, reader.ReadBytes(HmacSession.Size))
            : throw reader.Malformed("a nonce of another size");
    }

    private static void FlushAll(TpmConnection tpm)
    {
        foreach (uint first in (ReadOnlySpan<uint>)[TpmHandle.FirstTransient, TpmHandle.FirstLoadedSession, TpmHandle.FirstSavedSession])
        {
            foreach (uint handle in ReadHandles(tpm, first))
            {
                TryTo(() => Flush(tpm, handle));
            }
        }
    }

    /// <summary>TPM2_GetCapability(TPM_CAP_HANDLES) (part 3, 30.2).</summary>
    private static List<uint> ReadHandles(TpmConnection tpm, uint first)
    {
        const uint CapabilityHandles = 1, Most = 254;
        using TpmBuffer body = new();
        body.UInt32(CapabilityHandles).UInt32(first).UInt32(Most);
        SpanReader reader = new(tpm.Send(TpmCode.GetCapability, body.Written).Parameters, TpmReply.Format);
        reader.Skip(1);
        if (reader.ReadUInt32BigEndian() != CapabilityHandles || reader.ReadUInt32BigEndian() is var count && (count > Most || reader.Remaining != 4 * count))
        {
            throw reader.Malformed("no list of handles");
        }

        List<uint> handles = [];
        while (reader.Remaining > 0)
        {
            handles.Add(reader.ReadUInt32BigEndian());
        }

        return handles;
    }

    private static void Flush(TpmConnection tpm, uint handle)
    {
        using TpmBuffer body = new();
        tpm.Send(TpmCode.FlushContext, body.UInt32(handle).Written);
    }

    /// <summary>Tidying up must not hide what went wrong before; what stays is removed the next time.</summary>
    private static void TryTo(Action action)
    {
        try
        {
            action();
        }
        catch (Exception e) when (e is TpmRefusedException or MalformedInputException or UnsealException)
        {
        }
    }
}
