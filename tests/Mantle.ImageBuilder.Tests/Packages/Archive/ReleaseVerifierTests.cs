using System.Text;
using CsCheck;
using Mantle.Formats.Bytes;
using Mantle.ImageBuilder.Packages.Archive;
using Mantle.Measure;
using Mantle.Testing;
using Org.BouncyCastle.Bcpg;

namespace Mantle.ImageBuilder.Tests.Packages.Archive;

public sealed class ReleaseVerifierTests : IDisposable
{
    private const string Text = "Suite: stable\nCodename: trixie\nDate: Sun, 22 Nov 2026 12:00:00 UTC\nArchitectures: all amd64\nComponents: main\nSHA256:\n";
    private static readonly string s_text = $"{Text} {new string('a', 64)} 1 main/binary-amd64/Packages\n";
    private static readonly DateTime s_signed = new(2026, 11, 22, 12, 0, 5, DateTimeKind.Utc);
    private readonly TemporaryFolder _folder = new();

    [Theory]
    [InlineData(false, false, "test.gpg")]
    [InlineData(false, true, "test.gpg")]
    [InlineData(true, false, "test.asc")]
    [InlineData(true, true, "test.gpg")]
    public void Keys_of_the_kinds_that_the_archive_uses_verify_and_gpgv_agrees(bool rsa, bool subkey, string file)
    {
        TestKey key = new(rsa: rsa, subkey: subkey);
        key.WriteTo(_folder.Root, file);
        string signed = TestKey.ClearSign(s_text, s_signed, HashAlgorithmTag.Sha512, key);

        Assert.Equal([key.Fingerprint], Verify(signed).SignedBy);
        key.WriteTo(_folder["gpgv"]);
        Assert.True(GpgvAccepts(signed, "gpgv/test.gpg"));
    }

    [Fact]
    public void Wherever_a_signed_file_is_changed_we_accept_it_only_with_the_same_text_and_where_gpgv_does()
    {
        TestKey key = new(subkey: true);
        key.WriteTo(_folder.Root);
        byte[] good = Encoding.UTF8.GetBytes(TestKey.ClearSign(s_text, s_signed, HashAlgorithmTag.Sha256, key));
        Assert.True(Accepts(good));
        byte[] text = ClearSignedText.Parse(good).Text;
        int signatureStart = good.AsSpan().IndexOf("-----BEGIN PGP SIGNATURE"u8);
        int refused = 0;
        Gen.Select(Gen.Int[0, good.Length - 1], Gen.OneOf<byte>((byte)'\n', (byte)' ', (byte)'-', (byte)'A', (byte)'b', 0, 0xff), Gen.Bool).Sample(
            (at, value, insert) =>
            {
                byte[] changed = insert ? [.. good[..at], value, .. good[at..]] : [.. good[..at], value, .. good[(at + 1)..]];
                if (Accepts(changed))
                {
                    // gpgv also refuses a wrong checksum of the armor, which RFC 9580 tells us not to do.
                    Assert.Equal(text, ClearSignedText.Parse(changed).Text);
                    Assert.True(at > signatureStart || GpgvAccepts(Encoding.Latin1.GetString(changed), "test.gpg"), Encoding.Latin1.GetString(changed));
                }
                else
                {
                    Interlocked.Increment(ref refused);
                }
            }, iter: 1000, threads: 1);
        Assert.True(refused > 500);
    }

    [Fact]
    public void Where_the_text_is_changed_gpgv_and_we_both_refuse()
    {
        TestKey key = new();
        key.WriteTo(_folder.Root);
        string good = TestKey.ClearSign(s_text, s_signed, HashAlgorithmTag.Sha256, key);
        Assert.True(GpgvAccepts(good, "test.gpg"));
        foreach ((string from, string to) in new[] { ("trixie", "trixif"), ("amd64\n", "amd64\n\n"), ("Suite: stable\n", ""), (" 1 main", " 2 main"), ("Suite", "- Suite: x\nSuite") })
        {
            string changed = good.Replace(from, to, StringComparison.Ordinal);
            Assert.False(Accepts(Encoding.UTF8.GetBytes(changed)));
            Assert.False(GpgvAccepts(changed, "test.gpg"));
        }
    }

    [Theory]
    [InlineData("x\n{0}", "the file is not clear-signed")]
    [InlineData("{0}x\n", "text follows the signature")]
    [InlineData("{0}{0}", "text follows the signature")]
    [InlineData("\n{0}", "the file is not clear-signed")]
    public void Text_outside_the_signed_part_is_refused(string form, string problem)
    {
        TestKey key = new();
        key.WriteTo(_folder.Root);
        string file = string.Format(form, TestKey.ClearSign(s_text, s_signed, HashAlgorithmTag.Sha256, key));
        Assert.StartsWith(problem, Assert.Throws<MalformedInputException>(() => Verify(file)).Problem);
    }

    [Theory]
    [InlineData("Hash: SHA256\n", "Hash: SHA256\nComment: x\n", "a header other than \"Hash\" in the signed message")]
    [InlineData("Suite:", "-Suite:", "a line of the signed text starts with a dash that is not escaped")]
    [InlineData("-----END PGP", "-----FIN PGP", "the signature's armor does not end with \"-----END PGP SIGNATURE-----\"")]
    public void A_malformed_frame_is_refused(string from, string to, string problem)
    {
        TestKey key = new();
        key.WriteTo(_folder.Root);
        string file = TestKey.ClearSign(s_text, s_signed, HashAlgorithmTag.Sha256, key).Replace(from, to, StringComparison.Ordinal);
        Assert.Equal(problem, Assert.Throws<MalformedInputException>(() => Verify(file)).Problem);
    }

    [Fact]
    public void Lines_that_start_with_a_dash_are_unescaped()
    {
        TestKey key = new();
        key.WriteTo(_folder.Root);
        string signed = TestKey.ClearSign("-----BEGIN x\nb  \t\n- c\n", s_signed, HashAlgorithmTag.Sha256, key);
        Assert.Equal("-----BEGIN x\nb\n- c\n", Encoding.UTF8.GetString(ClearSignedText.Parse(Encoding.UTF8.GetBytes(signed)).Text));
        Assert.True(GpgvAccepts(signed, "test.gpg"));
    }

    [Fact]
    public void A_key_that_expired_was_revoked_or_is_not_for_signing_does_not_count()
    {
        Assert.Contains("expired at 2026-11-22 13:00:00Z", RefusedWith(new TestKey(created: s_signed.AddDays(-1).AddSeconds(-5), lifetime: new TimeSpan(25, 0, 0))));
        Assert.Contains("expired at 2026-11-22 13:00:00Z", RefusedWith(new TestKey(created: s_signed.AddDays(-1).AddSeconds(-5), lifetime: new TimeSpan(25, 0, 0), subkey: true)));
        Assert.Contains("signed before it was made", RefusedWith(new TestKey(created: s_signed.AddHours(1))));
        Assert.Contains("is not made for signing", RefusedWith(new TestKey(signs: false)));
        Assert.Contains("is not bound to its primary key for signing", RefusedWith(new TestKey(subkey: true, boundBack: false)));
        Assert.Contains("has no valid self-signature with SHA-256 or better", RefusedWith(new TestKey(selfHash: HashAlgorithmTag.Sha1)));
        TestKey revoked = new();
        revoked.Revoke();
        Assert.Contains("is revoked", RefusedWith(revoked));
        TestKey revokedPrimary = new(subkey: true);
        revokedPrimary.Revoke();
        Assert.Contains("is revoked", RefusedWith(revokedPrimary));
    }

    [Fact]
    public void One_bad_signature_of_a_known_key_refuses_the_file_beside_a_good_one()
    {
        TestKey a = new();
        TestKey b = new(subkey: true);
        a.WriteTo(_folder.Root, "a.gpg");
        b.WriteTo(_folder.Root, "b.gpg");
        Assert.Equal(2, Verify(TestKey.ClearSign(s_text, s_signed, HashAlgorithmTag.Sha256, a, b)).SignedBy.Count);

        byte[] own = ClearSignedText.Parse(Encoding.UTF8.GetBytes(TestKey.ClearSign(s_text, s_signed, HashAlgorithmTag.Sha256, a))).Signatures;
        byte[] other = ClearSignedText.Parse(Encoding.UTF8.GetBytes(TestKey.ClearSign(s_text + "Extra: x\n", s_signed, HashAlgorithmTag.Sha256, b))).Signatures;
        string mixed = $"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n{s_text}-----BEGIN PGP SIGNATURE-----\n\n{Convert.ToBase64String([.. own, .. other])}\n-----END PGP SIGNATURE-----\n";
        Assert.EndsWith("is bad: the file was changed after it was signed", Assert.Throws<UserErrorException>(() => Verify(mixed)).Message);
    }

    [Fact]
    public void Any_bytes_are_refused_as_malformed_or_by_the_user_error()
    {
        TestKey key = new();
        key.WriteTo(_folder.Root);
        byte[] good = Encoding.UTF8.GetBytes(TestKey.ClearSign(s_text, s_signed, HashAlgorithmTag.Sha256, key));
        for (int length = 0; length < good.Length - 1; length++)
        {
            Assert.False(Accepts(good[..length]));
        }

        Gen.Byte.Array.Sample(bytes => Assert.False(Accepts(bytes)));
        Gen.Byte.Array[1, 200].Sample(packets => Assert.False(Accepts(Encoding.ASCII.GetBytes(
            $"-----BEGIN PGP SIGNED MESSAGE-----\n\n{s_text}-----BEGIN PGP SIGNATURE-----\n\n{Convert.ToBase64String(packets)}\n-----END PGP SIGNATURE-----\n"))));
    }

    [Fact]
    public void The_keyring_of_the_appliance_has_trixies_three_keys_and_all_may_sign()
    {
        Keyring keyring = Keyring.Load(Repository.PathOf("appliance", "keyrings"));

        Assert.Equal(
            ["04B54C3CDCA79751B16BC6B5225629DF75B188BD", "5E04A1E3223A19A20706E20F9904613D4CCE68C6", "41587F7DB8C774BCCF131416762F67A0B2C39DE4"],
            keyring.Keys.Select(key => key.PrimaryFingerprint).Distinct());
        Assert.Equal(5, keyring.Keys.Count);
        Assert.All(keyring.Keys, key => Assert.Null(key.Unusable));
        Assert.All(keyring.Keys, key => Assert.InRange(key.Expires!.Value.Year, 2033, 2035));
        string readme = File.ReadAllText(Repository.PathOf("appliance", "keyrings", "README.md")).Replace(" ", "", StringComparison.Ordinal);
        Assert.All(keyring.Keys, key => Assert.Contains(Convert.ToHexString(key.Key.GetFingerprint()), readme));
    }

    public void Dispose() => _folder.Dispose();

    private string RefusedWith(TestKey key)
    {
        key.WriteTo(_folder.Root);
        return Assert.Throws<UserErrorException>(() => Verify(TestKey.ClearSign(s_text, s_signed, HashAlgorithmTag.Sha256, key))).Message;
    }

    private VerifiedRelease Verify(string file) =>
        new ReleaseVerifier(Keyring.Load(_folder.Root), new FixedClock(FakeArchive.Now)).Verify(Encoding.UTF8.GetBytes(file), "trixie", "amd64");

    private bool Accepts(byte[] file)
    {
        try
        {
            new ReleaseVerifier(Keyring.Load(_folder.Root), new FixedClock(FakeArchive.Now)).Verify(file, "trixie", "amd64");
            return true;
        }
        catch (Exception exception) when (exception is MalformedInputException or UserErrorException)
        {
            return false;
        }
    }

    private bool GpgvAccepts(string file, string keyring)
    {
        File.WriteAllText(_folder["InRelease"], file, Encoding.Latin1);
        return Oracle.Run("gpgv", ["--ignore-time-conflict", "--homedir", _folder.Root, "--keyring", _folder[keyring], _folder["InRelease"]]).ExitCode == 0;
    }
}
