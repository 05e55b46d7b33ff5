using System.Buffers.Binary;
using System.Text;
using Mantle.Formats.Bytes;
using Mantle.Formats.Tcg;

namespace Mantle.Measure.Prediction;

/// <summary>
/// PCR 7, Secure Boot policy: five variables, each measured even when it does not exist, then a separator. With Secure Boot off
/// no authority follows, so the value is one constant for every image.
/// </summary>
internal static class Pcr07SecureBootPolicy
{
    public const int Index = 7;

    private static readonly Guid s_globalVariable = new("8be4df61-93ca-11d2-aa0d-00e098032b8c");
    private static readonly Guid s_imageSecurityDatabase = new("d719b2cb-3d3a-4596-a3bc-dad00e67656f");

    public static PcrPlan Plan(BootInputs inputs) => new(
        Index,
        [
            Variable(s_globalVariable, "SecureBoot", inputs.SecureBoot == SecureBootState.Off ? [0] : []),
            Variable(s_globalVariable, "PK", []),
            Variable(s_globalVariable, "KEK", []),
            Variable(s_imageSecurityDatabase, "db", []),
            Variable(s_imageSecurityDatabase, "dbx", []),
            PlannedEvent.Separator,
        ]);

    private static PlannedEvent Variable(Guid vendor, string name, ReadOnlySpan<byte> data) => new(
        EventType.EfiVariableDriverConfig,
        ByteSource.FromMemory(VariableData(vendor, name, data)),
        data.IsEmpty ? $"variable {name}, absent" : $"variable {name} = {Convert.ToHexStringLower(data)}",
        new(EventSourceKind.FirmwareVariable, name));

    /// <summary>UEFI_VARIABLE_DATA: vendor, length of the name in characters, length of the data, name in UTF-16 without NUL, data.</summary>
    private static byte[] VariableData(Guid vendor, string name, ReadOnlySpan<byte> data)
    {
        byte[] bytes = new byte[16 + 8 + 8 + (2 * name.Length) + data.Length];
        vendor.TryWriteBytes(bytes);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(16), name.Length);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(24), data.Length);
        Encoding.Unicode.GetBytes(name, bytes.AsSpan(32));
        data.CopyTo(bytes.AsSpan(32 + (2 * name.Length)));
        return bytes;
    }
}
