using CsCheck;
using Mantle.Formats.Bytes;
using Mantle.Formats.Efi;
using Mantle.Formats.Tests.Pe.Signing;
using Mantle.Testing;

namespace Mantle.Formats.Tests.Efi;

public class EfiVariableTests
{
    private static readonly EfiVariable[] s_variables =
    [
        new(EfiGuids.GlobalVariable, "PK", EfiVariableAttributes.SecureBootVariable, SignatureDatabase.Write(SignatureList.OfSha256(TestAuthority.Owner, new byte[32]))),
        new(EfiGuids.GlobalVariable, "BootOrder", EfiVariableAttributes.NonVolatile | EfiVariableAttributes.BootServiceAccess, new byte[] { 1, 0 }),
    ];

    [Fact]
    public void Uefi_data_is_written_and_read_again()
    {
        string text = UefiData.Write(s_variables);
        IReadOnlyList<EfiVariable> read = UefiData.Read(System.Text.Encoding.ASCII.GetBytes(text + "\n"));

        Assert.Equal(text, UefiData.Write(read));
        Assert.Equal(s_variables.Select(Describe), read.Select(Describe));
        Assert.Equal(32, read[0].CertificateDigest.Length);
    }

    [Fact]
    public void Zlib_with_the_preset_dictionary_reads_what_is_written_and_writes_what_is_read()
    {
        using TemporaryFolder folder = new();
        byte[] dictionary = DictionaryOfTheSameIdentifier();
        File.WriteAllBytes(folder["dictionary"], dictionary);
        File.WriteAllText(folder["ours"], UefiData.Write(s_variables));
        const string Script = """
            import base64, struct, sys, zlib
            dictionary = open(sys.argv[1], 'rb').read()
            blob = base64.b64decode(open(sys.argv[2]).read())
            plain = zlib.decompressobj(zdict=dictionary).decompress(blob[16:])
            known = dictionary[200:1200]
            name = b'Known'
            plain += struct.pack('<Q', len(name)) + name + struct.pack('<Q', len(known)) + known + bytes(16) + struct.pack('<I', 7)
            plain = struct.pack('<Q', 3) + plain[8:]
            compressor = zlib.compressobj(9, zdict=dictionary)
            stream = compressor.compress(plain) + compressor.flush()
            crc = 0xffffffff
            for byte in struct.pack('<I', 0) + stream:
                crc ^= byte
                for _ in range(8):
                    crc = crc >> 1 ^ (0x82f63b78 if crc & 1 else 0)
            print(base64.b64encode(b'AMZNUEFI' + struct.pack('<II', crc ^ 0xffffffff, 0) + stream).decode())
            """;
        string theirs = Oracle.Succeed("python3", "-c", Script, folder["dictionary"], folder["ours"]);
        IReadOnlyList<EfiVariable> read = UefiData.Read(System.Text.Encoding.ASCII.GetBytes(theirs), dictionary);

        Assert.Equal(s_variables.Select(Describe), read.Take(2).Select(Describe));
        Assert.Equal(dictionary[200..1200], read[2].Content.ToArray());
        Assert.True(theirs.Length < 600); // the thousand bytes came out of the dictionary
        Assert.Contains(
            "dictionary, which was not given",
            Assert.Throws<MalformedInputException>(() => UefiData.Read(System.Text.Encoding.ASCII.GetBytes(theirs))).Problem, StringComparison.Ordinal);
        Assert.Contains(
            "is not EC2's",
            Assert.Throws<MalformedInputException>(() => UefiData.Read(System.Text.Encoding.ASCII.GetBytes(theirs), dictionary.AsSpan(1))).Problem, StringComparison.Ordinal);
    }

    /// <summary>
    /// zlib knows a dictionary by its Adler-32 alone. EC2's is not ours to carry; this one has its size and its identifier 0x6bb7d9f7: units that are
    /// spread over the bytes bring the first sum to where it must be, and shifting them the second.
    /// </summary>
    private static byte[] DictionaryOfTheSameIdentifier()
    {
        const int Modulus = 65521;
        byte[] bytes = new byte[11_381];
        long first = 1;
        long second = 0;
        for (int i = 0; i < bytes.Length; i++)
        {
            bytes[i] = (byte)(i * 7919L % 127 * ((i % 31) + 1) % 128);
            first += bytes[i];
            second += first;
        }

        int units = (int)(((0xd9f7 - first) % Modulus + Modulus) % Modulus);
        int last = bytes.Length - 1;
        long weights = 0;
        for (int unit = 0; unit < units; unit++)
        {
            // A unit at index i counts once in the first sum and (length - i) times in the second.
            int index = last - (unit % 2000);
            bytes[index]++;
            weights += bytes.Length - index;
        }

        long missing = (((0x6bb7 - second - weights) % Modulus) + Modulus) % Modulus;
        for (int from = last; missing > 0; from--)
        {
            int shift = (int)Math.Min(missing, from - 1500);
            bytes[from]--;
            bytes[from - shift]++;
            missing -= shift;
        }

        return bytes;
    }

    [Fact]
    public void Damaged_uefi_data_is_malformed()
    {
        byte[] blob = Convert.FromBase64String(UefiData.Write(s_variables));
        Assert.Equal("the checksum is not that of the content", Problem([.. blob[..^1], (byte)(blob[^1] ^ 1)]));
        Assert.Equal("does not start with AMZNUEFI", Problem([0, .. blob[1..]]));
        for (int length = 0; length < blob.Length; length++)
        {
            Problem(blob[..length]);
        }

        Assert.Throws<MalformedInputException>(() => UefiData.Read("not base64!"u8));

        static string Problem(byte[] bytes) => Assert.Throws<MalformedInputException>(() => UefiData.ReadBlob(bytes)).Problem;
    }

    [Fact]
    public void A_file_of_efivarfs_is_attributes_and_content()
    {
        EfiVariable variable = EfiVariableFile.Read("db-d719b2cb-3d3a-4596-a3bc-dad00e67656f", new byte[] { 0x27, 0, 0, 0, 1, 2 });

        Assert.True(variable.Is(EfiGuids.ImageSecurityDatabase, "db"));
        Assert.Equal(EfiVariableAttributes.SecureBootVariable, variable.Attributes);
        Assert.Equal([1, 2], variable.Content.ToArray());
        Assert.Equal("db-d719b2cb-3d3a-4596-a3bc-dad00e67656f", EfiVariableFile.NameOf(variable));
        Assert.Equal([0x27, 0, 0, 0, 1, 2], EfiVariableFile.Write(variable));
        Assert.Throws<MalformedInputException>(() => EfiVariableFile.Read("db", new byte[4]));
        Assert.Throws<MalformedInputException>(() => EfiVariableFile.Read("db-d719b2cb-3d3a-4596-a3bc-dad00e67656f", new byte[3]));
    }

    [Fact]
    public void Debians_variable_store_with_microsofts_keys_is_read()
    {
        const string Path = "/usr/share/OVMF/OVMF_VARS_4M.ms.fd";
        if (!File.Exists(Path))
        {
            Oracle.Missing("Debian package \"ovmf\"");
        }

        byte[] flash = File.ReadAllBytes(Path);
        IReadOnlyList<EfiVariable> variables = VariableStore.Read(flash);

        Assert.Contains("Microsoft", Names("db", EfiGuids.ImageSecurityDatabase), StringComparison.Ordinal);
        Assert.Contains("Microsoft Corporation KEK", Names("KEK", EfiGuids.GlobalVariable), StringComparison.Ordinal);
        Assert.Contains("CN=", Names("PK", EfiGuids.GlobalVariable), StringComparison.Ordinal);
        Gen.Select(Gen.Int[0, 40_000], Gen.Byte).Sample(change =>
        {
            byte[] changed = [.. flash[..100_000]];
            changed[change.Item1] = change.Item2;
            try
            {
                VariableStore.Read(changed);
            }
            catch (MalformedInputException)
            {
                // The one exception that the reader has for bad bytes.
            }
        }, iter: 300);

        string Names(string name, Guid vendor)
        {
            using StringWriter text = new();
            SignatureDatabasePrinter.Print(SignatureDatabase.Read(variables.Single(variable => variable.Is(vendor, name)).Content), text);
            return text.ToString();
        }
    }

    [Fact]
    public void Variables_are_added_behind_those_of_a_store_that_is_there()
    {
        const string Path = "/usr/share/OVMF/OVMF_VARS_4M.fd";
        if (!File.Exists(Path))
        {
            Oracle.Missing("Debian package \"ovmf\"");
        }

        byte[] empty = File.ReadAllBytes(Path);
        EfiVariable switched = new(EfiGuids.SecureBootEnableDisable, "SecureBootEnable", EfiVariableAttributes.NonVolatile, new byte[] { 1 });
        byte[] first = VariableStore.Add(empty, [.. s_variables, new(Guid.Empty, "absent", EfiVariableAttributes.None, default)]);
        byte[] both = VariableStore.Add(first, switched);

        Assert.Equal(empty.Length, both.Length);
        Assert.Equal(VariableStore.Read(empty).Concat(s_variables).Append(switched).Select(Describe), VariableStore.Read(both).Select(Describe));
        Assert.Contains("already", Assert.Throws<ArgumentException>(() => VariableStore.Add(both, switched)).Message, StringComparison.Ordinal);
        EfiVariable large = new(Guid.Empty, "large", EfiVariableAttributes.None, new byte[empty.Length]);
        Assert.Contains("and the store has", Assert.Throws<ArgumentException>(() => VariableStore.Add(both, large)).Message, StringComparison.Ordinal);

        // What is not erased cannot be written to: flash only loses bits.
        int end = both.AsSpan().LastIndexOf("t\0E\0n\0a\0b\0l\0e\0"u8) + 400;
        both[end] = 0;
        Assert.Contains("not erased", Assert.Throws<MalformedInputException>(() => VariableStore.Add(both, large)).Problem, StringComparison.Ordinal);
    }

    private static string Describe(EfiVariable variable) =>
        $"{variable.Vendor} {variable.Name} {variable.Attributes} {Convert.ToHexStringLower(variable.Content.Span)}";
}
