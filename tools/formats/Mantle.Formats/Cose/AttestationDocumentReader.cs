using Mantle.Formats.Bytes;

namespace Mantle.Formats.Cose;

/// <summary>
/// Reads the payload of an attestation document: one CBOR map, every field once and of the type and size that AWS states, no field that AWS does not state.
/// A document without <c>public_key</c>, <c>user_data</c> or <c>nonce</c> is read like one where the field is null.
/// </summary>
public sealed class AttestationDocumentReader
{
    internal const string Format = "attestation";

    private const int FieldCount = 9;
    private const int MaximumModuleIdLength = 128;
    private const string NitroTpmPcrs = "nitrotpm_pcrs";
    private const string EnclavePcrs = "pcrs";

    private readonly CborInput _input;
    private readonly HashSet<string> _seen = new(StringComparer.Ordinal);
    private AttestationKind? _kind;
    private string? _moduleId;
    private string? _digest;
    private ulong? _timestamp;
    private SortedDictionary<int, ReadOnlyMemory<byte>>? _pcrs;
    private ReadOnlyMemory<byte>? _certificate;
    private List<ReadOnlyMemory<byte>>? _bundle;
    private ReadOnlyMemory<byte>? _publicKey;
    private ReadOnlyMemory<byte>? _userData;
    private ReadOnlyMemory<byte>? _nonce;

    private AttestationDocumentReader(ReadOnlyMemory<byte> payload, long origin) => _input = new(payload, Format, origin);

    /// <summary>Reads a payload.</summary>
    /// <param name="payload">The content of the signed message.</param>
    /// <param name="origin">Where in the whole input it starts, for messages.</param>
    /// <exception cref="MalformedInputException">It is not what AWS's specification demands.</exception>
    public static AttestationDocument Read(ReadOnlyMemory<byte> payload, long origin = 0) => new AttestationDocumentReader(payload, origin).Read();

    private AttestationDocument Read()
    {
        _input.ReadMap("the document", FieldCount + 1, ReadField);
        if (_input.Remaining > 0)
        {
            throw _input.Malformed($"{_input.Remaining} bytes follow the map");
        }

        return new()
        {
            Kind = _kind ?? throw Missing($"{NitroTpmPcrs}\" or \"{EnclavePcrs}"),
            ModuleId = _moduleId ?? throw Missing("module_id"),
            Digest = _digest ?? throw Missing("digest"),
            TimestampMilliseconds = _timestamp ?? throw Missing("timestamp"),
            Pcrs = _pcrs!,
            Certificate = _certificate ?? throw Missing("certificate"),
            CaBundle = _bundle ?? throw Missing("cabundle"),
            PublicKey = _publicKey,
            UserData = _userData,
            Nonce = _nonce,
        };
    }

    private void ReadField()
    {
        string name = _input.ReadText("a field's name", 64);
        if (!_seen.Add(name))
        {
            throw _input.Malformed($"field \"{Printable(name)}\" is there twice");
        }

        switch (name)
        {
            case "module_id":
                _moduleId = _input.ReadText(name, MaximumModuleIdLength);
                Require(_moduleId.Length > 0 && _moduleId.All(letter => letter is > ' ' and <= '~'), "module_id is empty or has other letters than ASCII's");
                break;
            case "digest":
                _digest = _input.ReadText(name, 16);
                Require(_digest == AttestationDocument.Sha384, $"digest \"{Printable(_digest)}\" is not \"{AttestationDocument.Sha384}\"");
                break;
            case "timestamp":
                _timestamp = _input.ReadUnsigned(name);
                Require(_timestamp is > 0 and <= MaximumTimestamp, $"timestamp {_timestamp} is no time in milliseconds");
                break;
            case NitroTpmPcrs:
                ReadPcrs(name, AttestationKind.NitroTpm);
                break;
            case EnclavePcrs:
                ReadPcrs(name, AttestationKind.NitroEnclave);
                break;
            case "certificate":
                _certificate = _input.ReadBytes(name, 1, AttestationDocument.MaximumCertificateLength);
                break;
            case "cabundle":
                _bundle = [];
                _input.ReadArray(name, AttestationDocument.MaximumBundleCount, _ =>
                    _bundle.Add(_input.ReadBytes("a certificate of cabundle", 1, AttestationDocument.MaximumCertificateLength)));
                Require(_bundle.Count > 0, "cabundle is empty");
                break;
            case "public_key":
                _publicKey = ReadOptional(name, 1);
                break;
            case "user_data":
                _userData = ReadOptional(name, 0);
                break;
            case "nonce":
                _nonce = ReadOptional(name, 0);
                break;
            default:
                throw _input.Malformed($"field \"{Printable(name)}\" is not one of an attestation document");
        }
    }

    /// <summary>The last millisecond of the year 9999.</summary>
    private const ulong MaximumTimestamp = 253_402_300_799_999;

    private void ReadPcrs(string name, AttestationKind kind)
    {
        Require(_kind is null, $"the document has both \"{NitroTpmPcrs}\" and \"{EnclavePcrs}\"");
        _kind = kind;
        SortedDictionary<int, ReadOnlyMemory<byte>> registers = [];
        _input.ReadMap(name, AttestationDocument.RegisterLimit, () =>
        {
            ulong index = _input.ReadUnsigned("the index of a register");
            Require(index < AttestationDocument.RegisterLimit, $"register {index} is not one of 0 to {AttestationDocument.RegisterLimit - 1}");
            ReadOnlyMemory<byte> value = _input.ReadBytes($"register {index}", 32, 64);
            Require(value.Length is 32 or 48 or 64, $"register {index} has {value.Length} bytes, not 32, 48 or 64");
            Require(registers.TryAdd((int)index, value), $"register {index} is there twice");
        });
        Require(registers.Count > 0, $"{name} is empty");
        _pcrs = registers;
    }

    private ReadOnlyMemory<byte>? ReadOptional(string name, int minimumLength)
    {
        if (_input.IsNull)
        {
            _input.ReadNull();
            return null;
        }

        return _input.ReadBytes(name, minimumLength, AttestationDocument.MaximumDataLength);
    }

    private void Require(bool holds, string problem)
    {
        if (!holds)
        {
            throw _input.Malformed(problem);
        }
    }

    private MalformedInputException Missing(string name) => _input.Malformed($"field \"{name}\" is missing");

    private static string Printable(string text) => Bytes.PrintedText.Escape(text);
}
