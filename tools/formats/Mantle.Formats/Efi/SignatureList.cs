namespace Mantle.Formats.Efi;

/// <summary>EFI_SIGNATURE_LIST (UEFI 2.10, 32.4.1): entries of one type and one size.</summary>
/// <param name="Type">The signature type, one of <see cref="EfiGuids"/>.</param>
/// <param name="Header">The type's own header; empty for every type that is defined.</param>
/// <param name="Entries">The entries; all have data of one length.</param>
public sealed record SignatureList(Guid Type, ReadOnlyMemory<byte> Header, IReadOnlyList<SignatureEntry> Entries)
{
    /// <summary>A list of one X.509 certificate in DER. Certificates differ in size, so each has a list of its own.</summary>
    public static SignatureList OfCertificate(Guid owner, ReadOnlyMemory<byte> der) => new(EfiGuids.X509, default, [new(owner, der)]);

    /// <summary>A list of SHA-256 Authenticode digests.</summary>
    public static SignatureList OfSha256(Guid owner, params IEnumerable<ReadOnlyMemory<byte>> digests) =>
        new(EfiGuids.Sha256, default, [.. digests.Select(digest => new SignatureEntry(owner, digest))]);
}

/// <summary>EFI_SIGNATURE_DATA: who put the entry there, and the entry.</summary>
/// <param name="Owner">SignatureOwner. It is measured with the entry that authorised an image.</param>
/// <param name="Data">A certificate or a digest, as the list's type says.</param>
public sealed record SignatureEntry(Guid Owner, ReadOnlyMemory<byte> Data)
{
    internal const int OwnerSize = 16;

    /// <summary>The entry as it stands in a list, and as EV_EFI_VARIABLE_AUTHORITY has it: owner, then data.</summary>
    public byte[] ToArray()
    {
        byte[] bytes = new byte[OwnerSize + Data.Length];
        Owner.TryWriteBytes(bytes);
        Data.Span.CopyTo(bytes.AsSpan(OwnerSize));
        return bytes;
    }
}
