using System.Buffers.Binary;
using System.Text;
using Mantle.Formats.Bytes;

namespace Mantle.Measure.EventLogs;

/// <summary>
/// What Windows' boot loader measures into PCR 11 to 14: EV_EVENT_TAG data made of nested (type, size, value) pieces, named in Microsoft's wbcl.h.
/// </summary>
internal static class SipaEvents
{
    private const uint AggregationFlag = 0x4000_0000;
    private const int MaximumDepth = 4;
    private const int MaximumPieces = 32;

    private static readonly Dictionary<uint, string> s_names = new()
    {
        [0x4001_0001] = "TrustBoundary",
        [0x4001_0002] = "ElamAggregation",
        [0x4001_0003] = "LoadedModuleAggregation",
        [0xC001_0004] = "TrustPointAggregation",
        [0x4001_0005] = "KsrAggregation",
        [0x0002_0001] = "Information",
        [0x0002_0002] = "BootCounter",
        [0x0002_0003] = "TransferControl",
        [0x0002_0004] = "ApplicationReturn",
        [0x0002_0005] = "BitLockerUnlock",
        [0x0002_0006] = "EventCounter",
        [0x0002_0007] = "CounterId",
        [0x0002_0008] = "MorBitNotCancelable",
        [0x0002_0009] = "ApplicationSvn",
        [0x0002_000A] = "SvnChainStatus",
        [0x0002_000B] = "MorBitApiStatus",
        [0x0004_0001] = "BootDebugging",
        [0x0004_0002] = "BootRevocationList",
        [0x0005_0001] = "OsKernelDebug",
        [0x0005_0002] = "CodeIntegrity",
        [0x0005_0003] = "TestSigning",
        [0x0005_0004] = "DataExecutionPrevention",
        [0x0005_0005] = "SafeMode",
        [0x0005_0006] = "WinPe",
        [0x0005_0007] = "PhysicalAddressExtension",
        [0x0005_0008] = "OsDevice",
        [0x0005_0009] = "SystemRoot",
        [0x0005_000A] = "HypervisorLaunchType",
        [0x0005_000B] = "HypervisorPath",
        [0x0005_000C] = "HypervisorIommuPolicy",
        [0x0005_000D] = "HypervisorDebug",
        [0x0005_000E] = "DriverLoadPolicy",
        [0x0005_000F] = "SiPolicy",
        [0x0005_0012] = "VsmLaunchType",
        [0x0005_0013] = "OsRevocationList",
        [0x0005_0014] = "SmtStatus",
        [0x0005_0020] = "VsmIdkInfo",
        [0x0005_0021] = "FlightSigning",
        [0x0005_0022] = "PagefileEncryptionEnabled",
        [0x0005_0024] = "HibernationDisabled",
        [0x0005_0025] = "DumpsDisabled",
        [0x0005_0026] = "DumpEncryptionEnabled",
        [0x0005_0029] = "SbcpInfo",
        [0x0006_0001] = "NoAuthority",
        [0x0006_0002] = "AuthorityPubKey",
        [0x0007_0001] = "FilePath",
        [0x0007_0002] = "ImageSize",
        [0x0007_0003] = "HashAlgorithmId",
        [0x0007_0004] = "AuthenticodeHash",
        [0x0007_0005] = "AuthorityIssuer",
        [0x0007_0006] = "AuthoritySerial",
        [0x0007_0007] = "ImageBase",
        [0x0007_0008] = "AuthorityPublisher",
        [0x0007_0009] = "AuthoritySha1Thumbprint",
        [0x0007_000A] = "ImageValidated",
        [0x0007_000B] = "ModuleSvn",
        [0x0009_0001] = "ElamKeyName",
        [0x0009_0002] = "ElamConfiguration",
        [0x0009_0003] = "ElamPolicy",
        [0x0009_0004] = "ElamMeasured",
        [0x8008_0001] = "Quote",
        [0x8008_0002] = "QuoteSignature",
        [0x8008_0003] = "AikId",
        [0x8008_0004] = "AikPubDigest",
    };

    /// <summary>Whether the data is such pieces and at least the first is of a known kind.</summary>
    public static bool TryDescribe(ReadOnlySpan<byte> data, out string text)
    {
        text = "";
        if (data.Length < 8 || !s_names.ContainsKey(BinaryPrimitives.ReadUInt32LittleEndian(data)))
        {
            return false;
        }

        int pieces = 0;
        StringBuilder described = new();
        if (!Describe(described, data, 0, ref pieces))
        {
            return false;
        }

        text = described.ToString();
        return true;
    }

    /// <summary>The event that ends a Windows log: a quote over it, not measured itself.</summary>
    public static bool IsTrustPoint(ReadOnlySpan<byte> data) => data.Length >= 8 && BinaryPrimitives.ReadUInt32LittleEndian(data) == 0xC001_0004;

    private static bool Describe(StringBuilder text, ReadOnlySpan<byte> data, int depth, ref int pieces)
    {
        while (!data.IsEmpty)
        {
            if (data.Length < 8 || BinaryPrimitives.ReadUInt32LittleEndian(data[4..]) > data.Length - 8)
            {
                return false;
            }

            uint type = BinaryPrimitives.ReadUInt32LittleEndian(data);
            ReadOnlySpan<byte> value = data.Slice(8, (int)BinaryPrimitives.ReadUInt32LittleEndian(data[4..]));
            data = data[(8 + value.Length)..];
            if (++pieces > MaximumPieces)
            {
                text.Append(pieces == MaximumPieces + 1 ? " …" : "");
                continue;
            }

            text.Append(text.Length > 0 && text[^1] != '{' ? " " : "").Append(s_names.GetValueOrDefault(type) ?? $"0x{type:x8}");
            if ((type & AggregationFlag) != 0 && depth < MaximumDepth)
            {
                text.Append('{');
                if (!Describe(text, value, depth + 1, ref pieces))
                {
                    return false;
                }

                text.Append('}');
            }
            else if (value.Length > 0)
            {
                text.Append('=').Append(Value(type, value));
            }
        }

        return true;
    }

    private static string Value(uint type, ReadOnlySpan<byte> value)
    {
        if (type is 0x0005_0009 or 0x0005_000B or 0x0007_0001 or 0x0007_0005 or 0x0007_0008 or 0x0009_0001)
        {
            return $"\"{PrintedText.Escape(Encoding.Unicode.GetString(value[..Math.Min(value.Length & ~1, 400)]).TrimEnd('\0'))}\"";
        }

        return value.Length switch
        {
            1 => $"{value[0]}",
            4 => $"{BinaryPrimitives.ReadUInt32LittleEndian(value)}",
            8 => $"{BinaryPrimitives.ReadUInt64LittleEndian(value)}",
            <= 32 => Convert.ToHexStringLower(value),
            _ => $"{value.Length} bytes",
        };
    }
}
