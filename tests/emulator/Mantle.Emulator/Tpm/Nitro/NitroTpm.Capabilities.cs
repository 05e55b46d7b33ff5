using Mantle.Formats.Bytes;
using Mantle.Formats.Tpm;

namespace Mantle.Emulator.Tpm.Nitro;

/// <summary>
/// TPM2_GetCapability: swtpm's answer with what is held here added. The list of commands and their number have to agree, or the kernel makes no /dev/tpmrm0; a command
/// that is not in the list does not pass /dev/tpmrm0.
/// </summary>
public sealed partial class NitroTpm
{
    private const uint CapabilityHandles = 1, CapabilityCommands = 2, CapabilityProperties = 6;
    private const uint VendorBit = 1u << 29;

    /// <summary>TPMA_CC: vendor command 1, two handles, writes NV memory.</summary>
    private const uint NsmAttributes = VendorBit | (2 << 25) | (1 << 22) | 1;

    private byte[]? AnswerCapability(TpmCommand command, Func<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> transmit)
    {
        SpanReader asked = new(command.Parameters(0).Span, "capability");
        uint capability = asked.ReadUInt32BigEndian(), property = asked.ReadUInt32BigEndian(), count = asked.ReadUInt32BigEndian();
        if (capability is not (CapabilityHandles or CapabilityCommands or CapabilityProperties))
        {
            return null;
        }

        TpmResponse response = TpmResponse.Read(transmit(command.Bytes));
        if (!response.IsSuccess)
        {
            return response.Bytes.ToArray();
        }

        SpanReader reader = new(response.Parameters().Span, "capability");
        bool hasMore = reader.ReadByte() != 0;
        reader.Skip(4);
        uint entries = reader.ReadUInt32BigEndian();
        List<uint> values = [];
        while (reader.Remaining > 0)
        {
            values.Add(reader.ReadUInt32BigEndian());
        }

        switch (capability)
        {
            case CapabilityCommands when !hasMore && property <= (uint)NitroCommand.NsmRequest:
                values.Add(NsmAttributes);
                break;
            case CapabilityHandles:
                IEnumerable<uint> held = _indexes.Keys.Concat(_sessions.Keys).Concat(_endorsement.Persistent).Concat(_endorsement.IsLoaded ? [VirtualEndorsementKey.TransientHandle] : []);
                values = [.. values.Concat(held.Where(handle => handle >> 24 == property >> 24 && handle >= property)).Distinct().Order()];
                break;
            case CapabilityProperties:
                Rewrite(values);
                entries = (uint)values.Count / 2;
                break;
        }

        if (capability != CapabilityProperties)
        {
            hasMore |= values.Count > count;
            values = [.. values.Take((int)Math.Min(count, int.MaxValue))];
            entries = (uint)values.Count;
        }

        TpmWriter body = new TpmWriter().Byte(hasMore ? (byte)1 : (byte)0).UInt32(capability).UInt32(entries);
        foreach (uint value in values)
        {
            body.UInt32(value);
        }

        return Message(TpmCommand.NoSessions, body.ToArray());
    }

    private static void Rewrite(List<uint> properties)
    {
        for (int i = 0; i + 1 < properties.Count; i += 2)
        {
            properties[i + 1] = properties[i] switch
            {
                0x105 => 0x414d5a4e, // TPM_PT_MANUFACTURER "AMZN"
                0x106 => 0x4e697472, // TPM_PT_VENDOR_STRING_1 "Nitr"
                0x107 => 0x6f54504d, // TPM_PT_VENDOR_STRING_2 "oTPM"
                0x108 or 0x109 => 0,
                0x117 => VirtualIndex.MaximumSize, // TPM_PT_NV_INDEX_MAX
                0x129 or 0x12b => properties[i + 1] + 1, // TPM_PT_TOTAL_COMMANDS, TPM_PT_VENDOR_COMMANDS
                _ => properties[i + 1],
            };
        }
    }
}
