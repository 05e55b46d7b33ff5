extern alias init;

using System.Buffers.Binary;
using System.Text;
using Mantle.Fuzz.Seeds;
using Mantle.ImageBuilder.Recipes;
using Mantle.ImageBuilder.Tree;
using Mantle.Measure;
using init::Mantle.Init.Configuration;
using init::Mantle.Init.Kernel;
using init::Mantle.Init.Network;
using init::Mantle.Init.Network.Dhcp;
using init::Mantle.Init.Unsealing;
using init::Mantle.Init.Verity;

namespace Mantle.Fuzz;

/// <summary>What process 1 of the appliance reads: from the network, from the kernel, from the disk before it is verified.</summary>
internal static class GuestReaders
{
    private static readonly byte[] s_hardware = [0x52, 0x54, 0, 0x12, 0x34, 0x56];

    public static IReadOnlyList<FuzzReader> All { get; } =
    [
        Guest("dhcp", [Offer()], bytes => DhcpLease.From(DhcpReply.Read(bytes, s_hardware))),
        Guest("udp", [UdpDatagram.Broadcast(67, 68, Offer())], bytes => UdpDatagram.TryRead(bytes, 67, 68, out _)),
        Guest("netlink", [NewLink()], bytes => { Link.ReadAll(bytes); Link.ReadAcknowledgement(bytes); }),
        Guest("appliance.json", [Texts.Bytes(Texts.Appliance)], bytes => ApplianceConfigurationReader.Read(bytes)) with
        {
            Words = Texts.Words("null", "[]", "{}", "\"\"", "0", "-1", "1e9", "true", "[", "{\"a\":", "\\u0000", "\\ud800", "99999999999999999999"),
        },
        Guest("guest gpt", [Gpt()], bytes => GuidPartitionTable.ReadHeader(bytes).ReadEntries(bytes.AsSpan(Math.Min(bytes.Length, 512)))),
        Guest("guest verity", [Superblock()], bytes => VeritySuperblock.Read(bytes).RequireFits(1 << 20, 1 << 20)),
        Guest("module order", [Texts.Bytes("dm-bufio.ko.xz\ndm-verity.ko.xz\nerofs.ko\n")], bytes => Modules.ReadOrder(bytes)),
        Guest("command line", [Texts.Bytes($"quiet \"a b\"=c roothash={new string('a', 64)} x")], bytes => RootHash.Parse(KernelCommandLine.Single(Encoding.UTF8.GetString(bytes), "roothash"))),
        Guest("unseal message", [[(byte)'F', 5, .. "token"u8, 0, 1, 2], [(byte)'K', 1, (byte)'w', .. new byte[64]], [(byte)'S', 0x40], "D"u8.ToArray()], bytes => UnsealMessage.Read(bytes)),
        new("recipe to guest", () => [Texts.Bytes(Texts.Recipe)], ReadThrough)
        {
            Refuses = problem => problem is UserErrorException,
            Words = Texts.Words(
                "  - path: /tmp\n    size: 4 KiB\n", "  - path: /run/x\n    size: 1 MiB\n", "/proc", "/", "\\0", "59m", "60m", "3600s", "0s", "1ms", "B", "GiB", "9999999",
                "\n  arguments: [a, \"\\0\"]", "\n  writable: [/run/x]", "\n  environment: {1: a}", "\nnetwork: none", "\nmemory: []", ": \"\"", "a b"),
        },
    ];

    /// <summary>What the recipe reader accepts, process 1 must accept when it boots.</summary>
    private static void ReadThrough(byte[] bytes)
    {
        Recipe recipe = RecipeReader.Parse("a.yaml", Encoding.UTF8.GetString(bytes));
        ApplianceConfigurationReader.Read(ApplianceFiles.Configuration(recipe));
    }

    private static FuzzReader Guest(string name, IReadOnlyList<byte[]> seeds, Action<byte[]> read) => new(name, () => seeds, read)
    {
        Refuses = problem => problem is init::Mantle.Formats.Bytes.MalformedInputException or InvalidDataException,
        MaximumLength = 1 << 14,
    };

    /// <summary>A DHCPOFFER (RFC 2131) with the options that a lease is made of.</summary>
    private static byte[] Offer()
    {
        byte[] message = new byte[400];
        message[0] = 2;
        message[1] = 1;
        message[2] = 6;
        BinaryPrimitives.WriteUInt32BigEndian(message.AsSpan(4), 0x12345678);
        new byte[] { 10, 0, 2, 15 }.CopyTo(message, 16);
        s_hardware.CopyTo(message, 28);
        BinaryPrimitives.WriteUInt32BigEndian(message.AsSpan(236), 0x63825363);
        byte[] options =
        [
            53, 1, 2, 54, 4, 10, 0, 2, 2, 51, 4, 0, 0, 14, 16, 1, 4, 255, 255, 255, 0, 3, 4, 10, 0, 2, 2, 6, 8, 10, 0, 2, 3, 10, 0, 2, 4,
            26, 2, 5, 220, 15, 7, .. "example"u8, 121, 13, 24, 192, 168, 1, 10, 0, 2, 9, 0, 10, 0, 2, 2, 0, 52, 1, 3, 255,
        ];
        options.CopyTo(message, 240);
        message[108] = 255;
        message[44] = 255;
        return message;
    }

    /// <summary>RTM_NEWLINK of an Ethernet device (rtnetlink(7)).</summary>
    private static byte[] NewLink()
    {
        byte[] message = new byte[52];
        BinaryPrimitives.WriteInt32LittleEndian(message, 52);
        message[4] = 16;
        message[18] = 1;
        message[20] = 2;
        message[24] = 0x41;
        new byte[] { 9, 0, 3, 0, (byte)'e', (byte)'t', (byte)'h', (byte)'0', 0, 0, 0, 0 }.CopyTo(message, 32);
        new byte[] { 8, 0, 1, 0, 82, 84, 0, 1 }.CopyTo(message, 44);
        return message;
    }

    private static byte[] Gpt()
    {
        byte[] disk = new byte[512 + (4 * 128)];
        "EFI PART"u8.CopyTo(disk);
        disk[10] = 1;
        disk[24] = 1;
        disk[72] = 2;
        disk[80] = 4;
        disk[84] = 128;
        disk.AsSpan(512, 32).Fill(7);
        disk[544] = 34;
        disk[552] = 99;
        return disk;
    }

    private static byte[] Superblock()
    {
        byte[] superblock = new byte[512];
        "verity\0\0"u8.CopyTo(superblock);
        superblock[8] = 1;
        superblock[12] = 1;
        "sha256"u8.CopyTo(superblock.AsSpan(32));
        superblock[65] = 16;
        superblock[69] = 16;
        superblock[72] = 200;
        superblock[80] = 32;
        superblock.AsSpan(88, 32).Fill(9);
        return superblock;
    }
}
