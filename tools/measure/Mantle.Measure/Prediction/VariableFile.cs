using Mantle.Formats.Bytes;
using Mantle.Formats.Efi;

namespace Mantle.Measure.Prediction;

/// <summary>A file with a whole platform's variables: EC2's UefiData as text or blob, or the flash image of EDK2 (OVMF_VARS.fd).</summary>
public static class VariableFile
{
    /// <summary>Reads the variables.</summary>
    /// <param name="name">The file's name, for messages.</param>
    /// <param name="bytes">The file's bytes.</param>
    /// <param name="dictionary">EC2's preset dictionary, for UefiData that refers to it; see <see cref="UefiData.Read"/>.</param>
    /// <exception cref="MalformedInputException">The bytes have the beginning of a form and not its rest.</exception>
    /// <exception cref="UserErrorException">They are in none of the forms.</exception>
    public static IReadOnlyList<EfiVariable> Read(string name, ReadOnlyMemory<byte> bytes, ReadOnlySpan<byte> dictionary = default) =>
        VariableStore.IsStore(bytes.Span) ? VariableStore.Read(bytes)
        : bytes.Span.StartsWith("AMZNUEFI"u8) ? UefiData.ReadBlob(bytes, dictionary)
        : bytes.Span.TrimStart(" \t\r\n"u8).StartsWith("QU1aTlVFRk"u8) ? UefiData.Read(bytes.Span, dictionary)
        : throw new UserErrorException($"\"{name}\" is neither EC2's UefiData nor a variable store of EDK2", "give the text that RegisterImage takes, or OVMF's VARS file");
}
