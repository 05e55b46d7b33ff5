using System.Formats.Cbor;
using Mantle.Formats.Cose;
using Mantle.Formats.Tpm;

namespace Mantle.Emulator.Tpm.Nitro;

/// <summary>The vendor command: the request in the index, CBOR as the NSM API has it, is replaced by the response.</summary>
public sealed partial class NitroTpm
{
    private TpmWriter RequestDocument(uint[] handles, Func<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> transmit)
    {
        if (handles[0] != handles[1] || !_indexes.TryGetValue(handles[1], out VirtualIndex? index))
        {
            throw new NitroRefusedException(NitroCode.OfHandle(NitroCode.Handle, 2));
        }

        if (!index.IsWritten)
        {
            throw new NitroRefusedException(NitroCode.NvUninitialized);
        }

        byte[] answer = Answer(index.Data, transmit);
        answer = _options.RewriteAnswer?.Invoke(answer) ?? answer;
        if (answer.Length > index.Data.Length)
        {
            answer = Error("BufferTooSmall");
        }

        index.Data.AsSpan().Fill(0xff);
        answer.CopyTo(index.Data, 0);
        return new();
    }

    private byte[] Answer(byte[] request, Func<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> transmit)
    {
        Dictionary<string, byte[]?> fields = [];
        try
        {
            CborReader reader = new(request, CborConformanceMode.Lax, allowMultipleRootLevelValues: true);
            reader.ReadStartMap();
            if (reader.ReadTextString() != "Attestation")
            {
                return Error("InvalidOperation");
            }

            reader.ReadStartMap();
            while (reader.PeekState() != CborReaderState.EndMap)
            {
                string name = reader.ReadTextString();
                fields.Add(name, ReadOptional(reader));
            }

            reader.ReadEndMap();
            reader.ReadEndMap();
        }
        catch (Exception e) when (e is CborContentException or InvalidOperationException or ArgumentException)
        {
            return Error("InvalidArgument");
        }

        return fields.Values.Any(value => value is { Length: > AttestationDocument.MaximumDataLength }) ? Error("InputTooLarge")
            : fields.Keys.Order(StringComparer.Ordinal).SequenceEqual(["nonce", "public_key", "user_data"]) ? Attest(fields, transmit)
            : Error("InvalidArgument");
    }

    private static byte[]? ReadOptional(CborReader reader)
    {
        if (reader.PeekState() == CborReaderState.Null)
        {
            reader.ReadNull();
            return null;
        }

        return reader.ReadByteString();
    }

    private byte[] Attest(Dictionary<string, byte[]?> fields, Func<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> transmit)
    {
        PcrValues registers = PcrRead.ReadAll(transmit);
        AttestationDocument content = new()
        {
            Kind = AttestationKind.NitroTpm,
            ModuleId = _options.Authority.Module,
            TimestampMilliseconds = (ulong)_options.Time.GetUtcNow().ToUnixTimeMilliseconds(),
            Pcrs = Enumerable.Range(0, PcrValues.RegisterCount)
                .ToDictionary(register => register, register => (ReadOnlyMemory<byte>)registers[TpmAlgorithm.Sha384, register].Bytes.ToArray()),
            Certificate = _options.Authority.LeafCertificate,
            CaBundle = _options.Authority.Bundle,
            PublicKey = Optional(fields["public_key"]),
            UserData = Optional(fields["user_data"]),
            Nonce = Optional(fields["nonce"]),
        };
        byte[] document = AttestationDocumentWriter.Write(_options.RewriteContent?.Invoke(content) ?? content, _options.Authority.Sign);
        document = _options.RewriteDocument?.Invoke(document) ?? document;
        _documents.Enqueue(document);
        _documentTimes.Enqueue(TimeProvider.System.GetUtcNow());
        CborWriter writer = new();
        writer.WriteStartMap(1);
        writer.WriteTextString("Attestation");
        writer.WriteStartMap(1);
        writer.WriteTextString("document");
        writer.WriteByteString(document);
        writer.WriteEndMap();
        writer.WriteEndMap();
        return writer.Encode();
    }

    // A conditional expression would make an empty memory of null.
    private static ReadOnlyMemory<byte>? Optional(byte[]? value) => value is null ? default(ReadOnlyMemory<byte>?) : value;

    private static byte[] Error(string name)
    {
        CborWriter writer = new();
        writer.WriteStartMap(1);
        writer.WriteTextString("Error");
        writer.WriteTextString(name);
        writer.WriteEndMap();
        return writer.Encode();
    }
}
