extern alias unseal;

using System.Text;
using Mantle.Unseal.Control;

namespace Mantle.Unseal.Tests.Control;

/// <summary>What process 1 may say, and what happens when it does not.</summary>
public sealed class ProtocolTests
{
    [Theory]
    [InlineData("")]
    [InlineData("X")]
    [InlineData("G!")]
    [InlineData("A!")]
    [InlineData("B")]
    [InlineData("B\u0000")]
    [InlineData("B\u0005abc")]
    [InlineData("B\u0003a b")]
    [InlineData("B\u0002a\u0007")]
    public void Other_messages_are_refused(string message) =>
        Assert.Throws<unseal::Mantle.Formats.Bytes.MalformedInputException>(() => ControlMessage.Read(Encoding.Latin1.GetBytes(message)));

    [Fact]
    public void A_blob_has_a_name_and_the_rest()
    {
        ControlMessage message = ControlMessage.Read("B\u0003abcdef"u8.ToArray());
        Assert.Equal((ControlMessageKind.Blob, "abc"), (message.Kind, message.Name));
        Assert.Equal("def"u8, message.Content.Span);
    }

    [Theory]
    [InlineData("X", 0x10)]
    [InlineData("B\u0007weights", 0x10)]
    public async Task Nonsense_ends_the_program(string go, byte stage)
    {
        await using TestAppliance appliance = await TestAppliance.StartAsync();
        Outcome outcome = await appliance.RunAsync(go: go);
        Assert.Equal((stage, 1), (outcome.LastStage, outcome.ExitCode));
    }

    [Fact]
    public async Task A_volume_that_is_not_configured_is_stage_10()
    {
        await using TestAppliance appliance = await TestAppliance.StartAsync();
        appliance.Blobs["other"] = appliance.Blobs["weights"];
        Assert.Equal(0x10, (await appliance.RunAsync()).LastStage);
    }

    [Theory]
    [InlineData("MANTLESX")]
    [InlineData("")]
    public async Task A_volume_without_a_sealed_key_is_stage_72(string blob)
    {
        await using TestAppliance appliance = await TestAppliance.StartAsync();
        appliance.Blobs["weights"] = Encoding.ASCII.GetBytes(blob);
        Assert.Equal(0x72, (await appliance.RunAsync()).LastStage);
        appliance.Blobs.Clear();
        Assert.Equal(0x72, (await appliance.RunAsync()).LastStage);
        Assert.Empty(appliance.Kms.Calls);
    }

    [Fact]
    public async Task A_volume_cannot_hold_content()
    {
        await using TestAppliance appliance = await TestAppliance.StartAsync();
        appliance.Blobs["weights"] = appliance.SealFile("weights", new byte[64]);
        Assert.Equal(0x72, (await appliance.RunAsync()).LastStage);
    }

    [Theory]
    [InlineData("/sealed/api-token", 0x72)]
    [InlineData("/etc/ssl/roots.pem", 0x10)]
    [InlineData("/etc/mantle/appliance.json", 0x10)]
    public async Task A_file_that_is_missing_or_empty_has_its_stage(string path, byte stage)
    {
        await using TestAppliance appliance = await TestAppliance.StartAsync();
        byte[] content = appliance.Image[path];
        appliance.Image[path] = [];
        Assert.Equal(stage, (await appliance.RunAsync()).LastStage);
        appliance.Image.Remove(path);
        Assert.Equal(stage, (await appliance.RunAsync()).LastStage);
        appliance.Image[path] = content[..^1];
        Assert.NotEqual(0, (await appliance.RunAsync()).LastStage);
    }

    [Fact]
    public async Task When_process_1_is_gone_so_is_the_program()
    {
        using Pair pair = new();
        Task<int> program = Task.Run(() => UnsealProgram.Run(new ControlChannel(pair.Program), UnsealEnvironment.Appliance with
        {
            ReadFile = _ => """{"name":"a","service":{"user_id":1},"unseal":{"files":[],"volumes":[]}}"""u8.ToArray(),
        }));
        pair.CloseInit();
        Assert.Equal(0, await program.WaitAsync(TimeSpan.FromSeconds(30)));
    }
}
