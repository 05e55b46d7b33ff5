using System.Text;
using Mantle.Formats.Bytes;

namespace Mantle.Formats.Efi;

/// <summary>
/// EDK2's variable store inside its firmware volume, as QEMU keeps it in a file of flash memory (OVMF_VARS.fd; MdeModulePkg
/// Include/Guid/VariableFormat.h, MdePkg Include/Pi/PiFirmwareVolume.h). Only the layout with authentication is read and written.
/// </summary>
public static partial class VariableStore
{
    private const string Format = "efi variable store";

    /// <summary>The largest flash image that is read, in bytes.</summary>
    public const int MaximumSize = 16 << 20;

    private const int VolumeSignatureOffset = 40;
    private const int VolumeHeaderLengthOffset = 48;
    private const int StoreHeaderSize = 28;
    private const int VariableHeaderSize = 60;
    private const byte StoreFormatted = 0x5a;
    private const byte StoreHealthy = 0xfe;
    private const ushort VariableStart = 0x55aa;

    /// <summary>VAR_HEADER_VALID_ONLY and VAR_ADDED: each state clears more bits of the erased 0xff.</summary>
    private const byte Added = 0x3f;

    /// <summary>VAR_ADDED and VAR_IN_DELETED_TRANSITION: valid until the variable that replaces it is there.</summary>
    private const byte BeingReplaced = 0x3e;

    private static readonly Guid s_authenticatedVariables = new("aaf32c78-947b-439a-a180-2e144ec37792");

    /// <summary>Whether the bytes begin with a firmware volume's header.</summary>
    public static bool IsStore(ReadOnlySpan<byte> bytes) =>
        bytes.Length > VolumeHeaderLengthOffset + 2 && bytes.Slice(VolumeSignatureOffset, 4).SequenceEqual("_FVH"u8);

    /// <summary>Reads the variables that are there, not those that were deleted.</summary>
    /// <exception cref="MalformedInputException">The bytes are no such store.</exception>
    public static IReadOnlyList<EfiVariable> Read(ReadOnlyMemory<byte> bytes)
    {
        (int start, int end) = Locate(bytes.Span);
        return ReadVariables(bytes, start, end, out _);
    }

    /// <summary>Where the first variable may stand, and where the store ends.</summary>
    private static (int Start, int End) Locate(ReadOnlySpan<byte> bytes)
    {
        if (!IsStore(bytes) || bytes.Length > MaximumSize)
        {
            throw new MalformedInputException(Format, VolumeSignatureOffset, $"no firmware volume of at most {MaximumSize} bytes");
        }

        int at = System.Buffers.Binary.BinaryPrimitives.ReadUInt16LittleEndian(bytes[VolumeHeaderLengthOffset..]);
        SpanReader header = new(bytes[Math.Min(at, bytes.Length)..], Format, at);
        Guid signature = header.ReadGuid();
        uint size = header.ReadUInt32LittleEndian();
        byte format = header.ReadByte();
        byte state = header.ReadByte();
        if (signature != s_authenticatedVariables || format != StoreFormatted || state != StoreHealthy || size < StoreHeaderSize || size > bytes.Length - at)
        {
            throw new MalformedInputException(Format, at, $"no healthy store of authenticated variables ({signature}, {size} bytes, format 0x{format:x2}, state 0x{state:x2})");
        }

        return (at + StoreHeaderSize, at + (int)size);
    }

    /// <param name="bytes">The flash image.</param>
    /// <param name="start">Where the first variable may stand.</param>
    /// <param name="end">Where the store ends.</param>
    /// <param name="free">Where the erased flash begins.</param>
    private static List<EfiVariable> ReadVariables(ReadOnlyMemory<byte> bytes, int start, int end, out int free)
    {
        List<(EfiVariable Variable, byte State)> found = [];
        free = start;
        for (int at = start; at <= end - VariableHeaderSize;)
        {
            SpanReader reader = new(bytes.Span[at..end], Format, at);
            if (reader.ReadUInt16LittleEndian() != VariableStart)
            {
                break; // erased flash behind the last variable
            }

            byte state = reader.ReadByte();
            reader.Skip(1);
            uint attributes = reader.ReadUInt32LittleEndian();
            reader.Skip(8); // monotonic count
            int time = at + reader.Position;
            reader.Skip(AuthenticatedUpdate.TimeSize + 4); // and the index of a public key
            uint nameSize = reader.ReadUInt32LittleEndian();
            uint dataSize = reader.ReadUInt32LittleEndian();
            Guid vendor = reader.ReadGuid();
            if (nameSize % 2 != 0 || nameSize < 2 || nameSize > reader.Remaining || dataSize > reader.Remaining - nameSize)
            {
                throw reader.Malformed($"a variable with {nameSize} bytes of name and {dataSize} of data does not fit");
            }

            string name = Encoding.Unicode.GetString(reader.ReadBytes((int)nameSize)).TrimEnd('\0');
            EfiVariableAttributes flags = (EfiVariableAttributes)(int)(attributes & int.MaxValue);
            found.Add((new(vendor, name, flags, bytes.Slice(at + reader.Position, (int)dataSize)) { Timestamp = bytes.Slice(time, AuthenticatedUpdate.TimeSize) }, state));
            at = (at + reader.Position + (int)dataSize + 3) & ~3;
            free = at;
        }

        return
        [
            .. found.Where(entry => entry.State == Added
                || (entry.State == BeingReplaced && !found.Exists(other => other.State == Added && other.Variable.Is(entry.Variable.Vendor, entry.Variable.Name))))
                .Select(entry => entry.Variable),
        ];
    }
}
