using System.Buffers.Binary;

namespace Mantle.Formats.Compression;

/// <summary>
/// Undoes the x86 filter of xz (xz-file-format 1.2.1, 5.3.2; the kernel is compressed with it): before compression the operands of CALL and
/// JMP were made absolute, where they looked like near targets. Ours, because the library's forgets an instruction that two reads share.
/// </summary>
internal sealed class X86BranchFilter
{
    /// <summary>Bytes of an instruction with its operand. So many, less one, wait for what follows them.</summary>
    private const int InstructionLength = 5;

    // For each of the up to three bytes before an opcode that may lie in another instruction's operand: whether it was an opcode (low
    // nibble, shifted up by one a byte), and whether the last byte looked like the top of a near target (high nibble).
    private uint _history;
    private uint _lastOpcode = unchecked((uint)-InstructionLength);
    private uint _position;

    /// <summary>Converts in place.</summary>
    /// <param name="bytes">What was not converted before, and what follows it.</param>
    /// <returns>How many bytes are final. The rest comes again at the start of the next call; at the end of the data it is final as it is.</returns>
    public int Convert(Span<byte> bytes)
    {
        unchecked
        {
            int next = 0;
            while (next <= bytes.Length - InstructionLength)
            {
                if ((bytes[next] & 0xFE) != 0xE8)
                {
                    next++;
                    continue;
                }

                uint here = _position + (uint)next;
                Age(here - _lastOpcode);
                _lastOpcode = here;
                byte top = bytes[next + 4];
                if (IsNear(top) && ((_history >> 1) is 0 or 1 or 2 or 4))
                {
                    WriteOperand(bytes[(next + 1)..], here + InstructionLength);
                    _history = 0;
                    next += InstructionLength;
                }
                else
                {
                    _history |= IsNear(top) ? 0x11u : 0x01u;
                    next++;
                }
            }

            _position += (uint)next;
            return next;
        }
    }

    private static bool IsNear(byte top) => top is 0 or byte.MaxValue;

    private void Age(uint distance)
    {
        if (distance > InstructionLength)
        {
            _history = 0;
            return;
        }

        for (; distance > 0; distance--)
        {
            _history = (_history & 0x77) << 1;
        }
    }

    private void WriteOperand(Span<byte> operand, uint behind)
    {
        unchecked
        {
            uint absolute = BinaryPrimitives.ReadUInt32LittleEndian(operand);
            uint relative = absolute - behind;
            int skipped = (_history >> 1) switch { 0 => 0, 1 => 1, 2 => 2, _ => 3 };
            while (_history != 0 && IsNear((byte)(relative >> (24 - (skipped * 8)))))
            {
                // The encoder saw the same and went on with the operand's low bytes inverted.
                absolute = relative ^ ((1u << (32 - (skipped * 8))) - 1);
                relative = absolute - behind;
            }

            uint sign = (relative >> 24 & 1) == 0 ? 0u : 0xFF000000u;
            BinaryPrimitives.WriteUInt32LittleEndian(operand, (relative & 0x00FFFFFF) | sign);
        }
    }
}
