using Mantle.Formats.Bytes;
using Mantle.Formats.Tpm;

namespace Mantle.Emulator.Tpm.Nitro;

/// <summary>NV indexes and the endorsement key.</summary>
public sealed partial class NitroTpm
{
    private const uint Endorsement = 0x4000000b;

    private static ReadOnlySpan<byte> ContextMagic => "NITRO"u8;

    private byte[]? DefineSpace(TpmCommand command)
    {
        // Read once more for the kind of index: an encrypted secret has the length of the plain one, and what follows it is never encrypted.
        ParsedCommand parsed = ParsedCommand.Read(command, 1);
        if (parsed.Handles[0] != Owner || VirtualIndex.Define(parsed.Parameters) is not { } defined)
        {
            return null;
        }

        return Execute(command, 1, 1, (now, _) =>
        {
            if (!_indexes.TryAdd(defined.Handle, VirtualIndex.Define(now.Parameters)!))
            {
                throw new NitroRefusedException(NitroCode.NvDefined);
            }

            return new();
        });
    }

    private TpmWriter Undefine(ParsedCommand parsed)
    {
        if (parsed.Handles[0] != Owner)
        {
            throw new NitroRefusedException(NitroCode.NvAuthorization);
        }

        _indexes.Remove(parsed.Handles[1]);
        return new();
    }

    private TpmWriter WriteIndex(ParsedCommand parsed, TpmWriter response)
    {
        SpanReader reader = new(parsed.Parameters, "nv");
        byte[] data = reader.ReadBytes(reader.ReadUInt16BigEndian()).ToArray();
        AuthorizedIndex(parsed.Handles).Write(data, reader.ReadUInt16BigEndian(), parsed.Handles[0] == Owner);
        return response;
    }

    private TpmWriter ReadIndex(ParsedCommand parsed, TpmWriter response)
    {
        SpanReader reader = new(parsed.Parameters, "nv");
        int size = reader.ReadUInt16BigEndian();
        return response.Sized(AuthorizedIndex(parsed.Handles).Read(size, reader.ReadUInt16BigEndian(), parsed.Handles[0] == Owner));
    }

    /// <summary>The first handle says who authorises: the owner, or the index itself.</summary>
    private VirtualIndex AuthorizedIndex(uint[] handles) =>
        handles[0] == Owner || handles[0] == handles[1] ? _indexes[handles[1]] : throw new NitroRefusedException(NitroCode.NvAuthorization);

    private byte[]? CreatePrimary(TpmCommand command)
    {
        ParsedCommand parsed = ParsedCommand.Read(command, 1);
        if (parsed.Handles[0] != Endorsement)
        {
            return null;
        }

        SpanReader reader = new(parsed.Parameters, "create");
        reader.Skip(reader.ReadUInt16BigEndian());
        byte[] template = reader.ReadBytes(reader.ReadUInt16BigEndian()).ToArray();
        if (!_endorsement.TryCreate(template))
        {
            return null;
        }

        byte[] parent = new TpmWriter().UInt32(Endorsement).ToArray();
        byte[] creation = new TpmWriter().UInt32(0).UInt16(0).Byte(1).UInt16(TpmPublic.NullAlgorithm).Sized(parent).Sized(parent).UInt16(0).ToArray();
        return Execute(
            command, 1, 1,
            (_, response) => response.Sized(_endorsement.Public!).Sized(creation).Sized(System.Security.Cryptography.SHA256.HashData(creation))
                .UInt16(0x8021).UInt32(Endorsement).UInt16(0).Sized(_endorsement.Name()),
            VirtualEndorsementKey.TransientHandle);
    }

    private TpmWriter Evict(ParsedCommand parsed)
    {
        uint persistent = new SpanReader(parsed.Parameters, "evict").ReadUInt32BigEndian();
        if (parsed.Handles[0] != Owner || persistent >> 24 != 0x81)
        {
            throw new NitroRefusedException(NitroCode.OfHandle(NitroCode.Hierarchy, 1));
        }

        if (parsed.Handles[1] == persistent)
        {
            _endorsement.Persistent.Remove(persistent);
        }
        else if (!_endorsement.Persistent.Add(persistent))
        {
            throw new NitroRefusedException(NitroCode.NvDefined);
        }

        return new();
    }

    /// <summary>What a resource manager puts aside stays here; the context only says what it was.</summary>
    private static TpmWriter SaveContext(uint handle, TpmWriter response) =>
        response.UInt32(0).UInt32(handle).UInt32(handle >> 24 == 0x80 ? 0x80000000 : handle).UInt32(Endorsement).Sized(new TpmWriter().Raw(ContextMagic).UInt32(handle).ToArray());

    /// <summary>The handle in a context of <see cref="SaveContext"/>, or null for one of swtpm's.</summary>
    private static uint? SavedHandle(TpmCommand command)
    {
        SpanReader reader = new(command.Parameters(0).Span, "context");
        reader.Skip(16);
        int size = reader.ReadUInt16BigEndian();
        return size == ContextMagic.Length + 4 && reader.ReadBytes(ContextMagic.Length).SequenceEqual(ContextMagic) ? reader.ReadUInt32BigEndian() : null;
    }

    private byte[] LoadContext(uint handle)
    {
        if (handle == VirtualEndorsementKey.TransientHandle)
        {
            _endorsement.IsLoaded = true;
        }
        else if (!_sessions.ContainsKey(handle))
        {
            throw new NitroRefusedException(NitroCode.OfParameter(NitroCode.Handle, 1));
        }

        return Message(TpmCommand.NoSessions, new TpmWriter().UInt32(handle).ToArray());
    }
}
