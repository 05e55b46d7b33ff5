using System.Buffers.Binary;
using System.Security.Cryptography;
using Mantle.Formats.Bytes;
using Mantle.Formats.Tpm;

namespace Mantle.Emulator.Tpm.Nitro;

/// <summary>Authorisation: passwords, HMAC sessions, parameter encryption (TPM 2.0 part 1, 19 and 21).</summary>
public sealed partial class NitroTpm
{
    private const uint ReferenceSession = 0x918;
    private const uint FirstSession = 0x02ff0001;
    private const int MaximumSessions = 3;
    private const uint SessionMemory = 0x903;

    /// <summary>Checks a command's authorisations, does it, and proves the response.</summary>
    private byte[] Execute(TpmCommand command, int handles, int authorized, Func<ParsedCommand, TpmWriter, TpmWriter> action, uint? responseHandle = null)
    {
        ParsedCommand parsed = ParsedCommand.Read(command, handles);
        if (parsed.Authorizations.Length < authorized)
        {
            throw new NitroRefusedException(NitroCode.AuthorizationMissing);
        }

        byte[][] secrets = [.. parsed.Authorizations.Select((_, i) => i < authorized ? SecretOf(parsed.Handles[i]) : [])];
        byte[] code = new TpmWriter().UInt32((uint)command.Code).ToArray();
        byte[] hashed = [.. code, .. parsed.Handles.SelectMany(Name), .. parsed.Parameters];
        for (int i = 0; i < parsed.Authorizations.Length; i++)
        {
            CheckAuthorization(command, parsed, i, i < authorized, secrets[i], hashed);
        }

        Crypt(parsed, Authorization.Decrypt, secrets, parsed.Parameters, isResponse: false);
        byte[] parameters = action(parsed, new()).ToArray();
        foreach (Authorization authorization in parsed.Authorizations)
        {
            _sessions.GetValueOrDefault(authorization.Session)?.Roll();
        }

        Crypt(parsed, Authorization.Encrypt, secrets, parameters, isResponse: true);
        return Respond(parsed, secrets, code, parameters, responseHandle);
    }

    private byte[] SecretOf(uint handle) => _indexes.TryGetValue(handle, out VirtualIndex? index) ? index.AuthValue : [];

    private void CheckAuthorization(TpmCommand command, ParsedCommand parsed, int number, bool isForHandle, byte[] secret, byte[] hashed)
    {
        Authorization authorization = parsed.Authorizations[number];
        uint wrong = isForHandle && _indexes.TryGetValue(parsed.Handles[number], out VirtualIndex? index) ? index.WrongSecret : NitroCode.BadAuthorization;
        if (authorization.Session == Authorization.Password)
        {
            if (_options.Sessions == NitroSessions.HmacOnly && (NitroCommand)command.Code is not (NitroCommand.CreatePrimary or NitroCommand.EvictControl))
            {
                throw new NitroRefusedException(_options.PasswordRefusal);
            }

            if (!isForHandle || !VirtualIndex.TrimZeros(authorization.Proof).AsSpan().SequenceEqual(secret))
            {
                throw new NitroRefusedException(NitroCode.OfSession(wrong, number + 1));
            }

            return;
        }

        if (!_sessions.TryGetValue(authorization.Session, out VirtualSession? session))
        {
            throw new NitroRefusedException(ReferenceSession + (uint)number);
        }

        byte[] expected = session.Prove(
            secret, CryptographicOperations.HashData(session.Hash, hashed), authorization.Nonce, session.NonceTpm, number == 0 ? OtherNonces(parsed) : [], authorization.Attributes);
        if (!CryptographicOperations.FixedTimeEquals(expected, authorization.Proof))
        {
            throw new NitroRefusedException(NitroCode.OfSession(wrong, number + 1));
        }
    }

    /// <summary>The first session's HMAC covers the nonces of those other sessions that decrypt and encrypt, so that nobody takes them away (part 1, 19.6.5).</summary>
    private byte[] OtherNonces(ParsedCommand parsed)
    {
        int decrypt = Array.FindIndex(parsed.Authorizations, x => (x.Attributes & Authorization.Decrypt) != 0);
        int encrypt = Array.FindIndex(parsed.Authorizations, x => (x.Attributes & Authorization.Encrypt) != 0);
        byte[] Nonce(int index) => index > 0 ? _sessions.GetValueOrDefault(parsed.Authorizations[index].Session)?.NonceTpm ?? [] : [];
        return [.. Nonce(decrypt), .. encrypt == decrypt ? [] : Nonce(encrypt)];
    }

    private void Crypt(ParsedCommand parsed, byte attribute, byte[][] secrets, byte[] parameters, bool isResponse)
    {
        int number = Array.FindIndex(parsed.Authorizations, x => x.Session != Authorization.Password && (x.Attributes & attribute) != 0);
        if (number < 0)
        {
            return;
        }

        // Only a sized buffer in first place can be encrypted. All commands here whose first parameter starts otherwise are too short to pass for one, or checked before.
        int size = parameters.Length >= 2 ? BinaryPrimitives.ReadUInt16BigEndian(parameters) : -1;
        if (size < 0 || size > parameters.Length - 2)
        {
            throw new NitroRefusedException(NitroCode.OfSession(NitroCode.Attributes, number + 1));
        }

        VirtualSession session = _sessions[parsed.Authorizations[number].Session];
        byte[] caller = parsed.Authorizations[number].Nonce;
        session.Crypt(parameters.AsSpan(2, size), secrets[number], isResponse ? session.NonceTpm : caller, isResponse ? caller : session.NonceTpm, isEncryption: isResponse);
    }

    private byte[] Respond(ParsedCommand parsed, byte[][] secrets, byte[] code, byte[] parameters, uint? handle)
    {
        TpmWriter body = new();
        if (handle is { } number)
        {
            body.UInt32(number);
        }

        if (parsed.Authorizations.Length > 0)
        {
            body.UInt32((uint)parameters.Length);
        }

        body.Raw(parameters);
        byte[] hashed = [0, 0, 0, 0, .. code, .. parameters];
        for (int i = 0; i < parsed.Authorizations.Length; i++)
        {
            Authorization authorization = parsed.Authorizations[i];
            if (authorization.Session == Authorization.Password)
            {
                body.UInt16(0).Byte(Authorization.ContinueSession).UInt16(0);
                continue;
            }

            VirtualSession session = _sessions[authorization.Session];
            byte[] proof = session.Prove(
                secrets[i], CryptographicOperations.HashData(session.Hash, hashed), session.NonceTpm, authorization.Nonce, [], authorization.Attributes);
            body.Sized(session.NonceTpm).Byte(authorization.Attributes).Sized(proof);
            if ((authorization.Attributes & Authorization.ContinueSession) == 0 && !session.IsShadow)
            {
                _sessions.Remove(authorization.Session);
            }
        }

        return Message(parsed.Authorizations.Length > 0 ? TpmCommand.Sessions : TpmCommand.NoSessions, body.ToArray());
    }

    private byte[] StartSession(TpmCommand command)
    {
        SpanReader reader = new(command.Parameters(2).Span, "session");
        byte[] nonce = reader.ReadBytes(reader.ReadUInt16BigEndian()).ToArray();
        byte[] secret = reader.ReadBytes(reader.ReadUInt16BigEndian()).ToArray();
        if (command.Handle(1) != Null || reader.ReadByte() != 0)
        {
            throw new NitroRefusedException(NitroCode.OfParameter(NitroCode.Value, 3));
        }

        ushort cipher = reader.ReadUInt16BigEndian();
        bool hasCipher = cipher != TpmPublic.NullAlgorithm;
        if (hasCipher && (cipher != 0x0006 || reader.ReadUInt16BigEndian() != 128 || reader.ReadUInt16BigEndian() != 0x0043))
        {
            throw new NitroRefusedException(NitroCode.OfParameter(NitroCode.Value, 4));
        }

        HashAlgorithmName hash = ((TpmAlgorithm)reader.ReadUInt16BigEndian()).AlgorithmName();
        if (reader.Remaining != 0 || nonce.Length < 16)
        {
            throw new NitroRefusedException(NitroCode.OfParameter(NitroCode.Size, 1));
        }

        if (_sessions.Values.Count(other => !other.IsShadow) == MaximumSessions)
        {
            throw new NitroRefusedException(SessionMemory);
        }

        uint handle = FirstSession;
        while (_sessions.ContainsKey(handle))
        {
            handle++;
        }

        VirtualSession session = new(hash, hasCipher, _endorsement.Decrypt(secret), nonce);
        _sessions.Add(handle, session);
        return Message(TpmCommand.NoSessions, new TpmWriter().UInt32(handle).Sized(session.NonceTpm).ToArray());
    }

    /// <summary>A session without salt is swtpm's, and may authorise what is held here too: tpm2-tools start one for every command.</summary>
    private byte[]? ShadowSession(TpmCommand command, Func<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> transmit)
    {
        SpanReader reader = new(command.Parameters(2).Span, "session");
        reader.Skip(reader.ReadUInt16BigEndian());
        reader.Skip(reader.ReadUInt16BigEndian());
        if (reader.ReadByte() != 0)
        {
            return null;
        }

        bool hasCipher = reader.ReadUInt16BigEndian() != TpmPublic.NullAlgorithm;
        reader.Skip(hasCipher ? 4 : 0);
        TpmAlgorithm hash = (TpmAlgorithm)reader.ReadUInt16BigEndian();
        ReadOnlyMemory<byte> response = transmit(command.Bytes);
        if (TpmResponse.Read(response).IsSuccess)
        {
            SpanReader started = new(response.Span[TpmCommand.HeaderSize..], "session");
            _sessions[started.ReadUInt32BigEndian()] = new(hash.AlgorithmName(), hasCipher, started.ReadBytes(started.ReadUInt16BigEndian()).ToArray());
        }

        return response.ToArray();
    }

    private byte[] FlushShadow(TpmCommand command, Func<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> transmit)
    {
        _sessions.Remove(command.Handle(0));
        return transmit(command.Bytes).ToArray();
    }

    private TpmWriter Flush(uint handle)
    {
        if (!_sessions.Remove(handle))
        {
            _endorsement.IsLoaded = false;
        }

        return new();
    }

    private static byte[] Message(ushort tag, byte[] body) => new TpmWriter().UInt16(tag).UInt32((uint)(TpmCommand.HeaderSize + body.Length)).UInt32(NitroCode.Success).Raw(body).ToArray();
}
