using System.Buffers.Binary;
using System.Text;
using Mantle.Formats.Bytes;

namespace Mantle.Formats.Efi;

/// <summary>Writing is what an emulated machine's tests need: a store that has the keys before the machine starts for the first time.</summary>
public static partial class VariableStore
{
    private const byte Erased = 0xff;

    /// <summary>A copy of a store that has more variables, written behind those that are there. Nothing is replaced and nothing checks a signature.</summary>
    /// <param name="store">An image of flash memory that <see cref="Read"/> can read, for example an empty OVMF_VARS.fd.</param>
    /// <param name="variables">The variables; none of them may be there yet. One without content is left out, for firmware keeps none such.</param>
    /// <exception cref="MalformedInputException">The bytes are no such store, or what follows its last variable is not erased flash.</exception>
    /// <exception cref="ArgumentException">A variable is there already, or the store has no room for it.</exception>
    public static byte[] Add(ReadOnlyMemory<byte> store, params IEnumerable<EfiVariable> variables)
    {
        (int start, int end) = Locate(store.Span);
        List<EfiVariable> known = ReadVariables(store, start, end, out int at);
        if (at > end || store.Span[at..end].ContainsAnyExcept(Erased))
        {
            throw new MalformedInputException(Format, at, "the flash behind the last variable is not erased");
        }

        byte[] bytes = store.ToArray();
        foreach (EfiVariable variable in variables.Where(variable => !variable.Content.IsEmpty))
        {
            if (known.Exists(other => other.Is(variable.Vendor, variable.Name)))
            {
                throw new ArgumentException($"the store has a variable \"{variable.Name}\" already", nameof(variables));
            }

            byte[] name = Encoding.Unicode.GetBytes(variable.Name + "\0");
            long size = VariableHeaderSize + name.Length + (long)variable.Content.Length;
            if (size > end - at)
            {
                throw new ArgumentException($"variable \"{variable.Name}\" takes {size} bytes, and the store has {end - at} left", nameof(variables));
            }

            WriteHeader(bytes.AsSpan(at, VariableHeaderSize), variable, name.Length);
            name.CopyTo(bytes, at + VariableHeaderSize);
            variable.Content.Span.CopyTo(bytes.AsSpan(at + VariableHeaderSize + name.Length));
            known.Add(variable);
            at = Math.Min((at + (int)size + 3) & ~3, end);
        }

        return bytes;
    }

    /// <summary>AUTHENTICATED_VARIABLE_HEADER. Count of writes and index of the public key are of an older kind of authentication and stay 0.</summary>
    private static void WriteHeader(Span<byte> header, EfiVariable variable, int nameSize)
    {
        header.Clear();
        BinaryPrimitives.WriteUInt16LittleEndian(header, VariableStart);
        header[2] = Added;
        BinaryPrimitives.WriteInt32LittleEndian(header[4..], (int)variable.Attributes);
        variable.Timestamp.Span.CopyTo(header.Slice(16, AuthenticatedUpdate.TimeSize));
        BinaryPrimitives.WriteInt32LittleEndian(header[36..], nameSize);
        BinaryPrimitives.WriteInt32LittleEndian(header[40..], variable.Content.Length);
        variable.Vendor.TryWriteBytes(header[44..]);
    }
}
