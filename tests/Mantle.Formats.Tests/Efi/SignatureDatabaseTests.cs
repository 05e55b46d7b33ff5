using CsCheck;
using Mantle.Formats.Bytes;
using Mantle.Formats.Efi;
using Mantle.Formats.Tests.Pe.Signing;
using Mantle.Testing;

namespace Mantle.Formats.Tests.Efi;

public class SignatureDatabaseTests
{
    private static readonly Guid s_owner = TestAuthority.Owner;

    [Fact]
    public void A_foreign_database_of_two_lists_is_read_and_written_the_same()
    {
        byte[] bytes = File.ReadAllBytes(Repository.SharedVector("efivar/2.siglist"));
        IReadOnlyList<SignatureList> lists = SignatureDatabase.Read(bytes);
        using StringWriter text = new();
        SignatureDatabasePrinter.Print(lists, text);

        Assert.All(lists, list => Assert.Equal(EfiGuids.X509, list.Type));
        Assert.Equal(2, lists.Count);
        Assert.Equal(bytes, SignatureDatabase.Write(lists));
        Assert.Contains("CN=", text.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_foreign_update_of_dbx_is_read_and_written_the_same()
    {
        byte[] bytes = File.ReadAllBytes(Repository.SharedVector("efivar/MS-2016-08-08.bin"));
        AuthenticatedUpdate update = AuthenticatedUpdate.Read(bytes);
        SignatureList list = Assert.Single(SignatureDatabase.Read(update.Payload));

        Assert.Equal(EfiGuids.Sha256, list.Type);
        Assert.Equal(77, list.Entries.Count);
        Assert.Equal(bytes, update.ToArray());
    }

    [Fact]
    public void Sbsiglist_writes_the_same_list()
    {
        using TestAuthority authority = new("authority");
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder["certificate.der"], authority.Der);
        Oracle.Succeed("sbsiglist", "--owner", $"{s_owner}", "--type", "x509", "--output", folder["list"], folder["certificate.der"]);

        Assert.Equal(File.ReadAllBytes(folder["list"]), SignatureDatabase.Write(authority.List));
    }

    [Theory]
    [InlineData(16, 75, "47 bytes are not one or more entries of 48")]
    [InlineData(16, 1000, "a list of 1000 bytes")]
    [InlineData(16, 77, "a list of 77 bytes")]
    [InlineData(20, 100, "a list of 76 bytes with a header of 100")]
    [InlineData(20, 1, "47 bytes are not one or more entries of 48")]
    [InlineData(24, 16, "entries of 16 bytes in a list of type sha256")]
    [InlineData(24, 47, "entries of 47 bytes in a list of type sha256")]
    public void Sizes_that_do_not_add_up_are_refused(int offset, int value, string problem)
    {
        byte[] bytes = SignatureDatabase.Write(SignatureList.OfSha256(s_owner, new byte[32]));
        BitConverter.TryWriteBytes(bytes.AsSpan(offset), value);

        Assert.Contains(problem, Assert.Throws<MalformedInputException>(() => SignatureDatabase.Read(bytes)).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Any_bytes_are_a_database_or_malformed()
    {
        using TestAuthority authority = new("authority");
        byte[] good = SignatureDatabase.Write(authority.List, SignatureList.OfSha256(s_owner, new byte[32], new byte[32]));
        Assert.Equal(2, SignatureDatabase.Read(good).Count);
        for (int length = 1; length < good.Length; length++)
        {
            TryRead(good[..length]);
        }

        Gen.Select(Gen.Int[0, good.Length - 1], Gen.Byte).Sample(change =>
        {
            byte[] changed = [.. good];
            changed[change.Item1] = change.Item2;
            TryRead(changed);
        }, iter: 5000);
    }

    private static void TryRead(byte[] bytes)
    {
        try
        {
            Assert.Equal(bytes, SignatureDatabase.Write(SignatureDatabase.Read(bytes)));
        }
        catch (MalformedInputException)
        {
            // The one exception that the reader has for bad bytes.
        }
    }
}
