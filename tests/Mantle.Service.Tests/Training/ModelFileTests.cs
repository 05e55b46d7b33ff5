using System.Buffers.Binary;
using CsCheck;
using Mantle.Model;

namespace Mantle.Service.Tests.Training;

public class ModelFileTests
{
    private static readonly byte[] s_file = TinyModel.File(TinyModel.Untrained);

    public static TheoryData<int, uint> Headers => new()
    {
        { 0, 0 }, // magic
        { 8, 0 }, { 8, 2 }, // version
        { 12, 0 }, { 12, 257 }, { 12, 272 }, { 12, 300 }, { 12, 16384 }, { 12, uint.MaxValue }, // vocabulary
        { 16, 0 }, { 16, 47 }, { 16, 64 }, { 16, 2048 }, { 16, 0x80000000 }, // embedding
        { 20, 0 }, { 20, 56 }, { 20, 1024 }, { 20, uint.MaxValue }, // state
        { 24, 0 }, { 24, 0x20202020 }, { 52, 1 }, // name
        { 56, 1 }, { 60, 1 }, // the header's rest
        { 64, 0 }, { 64, 0xffffffff }, // the first merge: of the end, of what is not there yet
    };

    [Fact]
    public void What_is_written_is_read_as_the_same()
    {
        LanguageModel model = TinyModel.Read(s_file);
        Assert.Equal(TinyModel.Name, model.Name);
        Assert.Equal(TinyModel.Plan.Shape, model.Parameters.Shape);
        Assert.Equal(TinyModel.Tokenizer.Merges, model.Tokenizer.Merges);
        Assert.Equal(TinyModel.Untrained.Parameters.Values, model.Parameters.Values);
        Assert.Equal(s_file, TinyModel.File(model));
    }

    [Theory]
    [MemberData(nameof(Headers))]
    public void A_header_of_another_kind_is_refused(int at, uint value)
    {
        byte[] file = [.. s_file];
        BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(at), value);
        Assert.Throws<InvalidDataException>(() => TinyModel.Read(file));
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(-2e6f)]
    public void A_number_with_which_nothing_can_be_computed_is_refused(float number)
    {
        byte[] file = [.. s_file];
        BinaryPrimitives.WriteSingleLittleEndian(file.AsSpan(file.Length - 4), number);
        Assert.Throws<InvalidDataException>(() => TinyModel.Read(file));
    }

    [Fact]
    public void A_merge_that_is_made_twice_and_one_that_is_too_long_are_refused()
    {
        byte[] twice = [.. s_file];
        twice.AsSpan(64, 4).CopyTo(twice.AsSpan(68));
        Assert.Throws<InvalidDataException>(() => TinyModel.Read(twice));

        byte[] doubling = [.. s_file];
        for (int i = 0; i < 6; i++)
        {
            ushort token = (ushort)(i == 0 ? 'a' : 256 + i);
            BinaryPrimitives.WriteUInt16LittleEndian(doubling.AsSpan(64 + (4 * i)), token);
            BinaryPrimitives.WriteUInt16LittleEndian(doubling.AsSpan(66 + (4 * i)), token);
        }

        Assert.Contains("longer than 32 bytes", Assert.Throws<InvalidDataException>(() => TinyModel.Read(doubling)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_longer_or_shorter_than_its_sizes_say_is_refused()
    {
        Assert.Throws<InvalidDataException>(() => TinyModel.Read([.. s_file, 0]));
        Gen.Int[0, s_file.Length - 1].Sample(length => Assert.Throws<InvalidDataException>(() => TinyModel.Read(s_file[..length])), iter: 100);

        // A stream that has less than it said.
        using MemoryStream stream = new(s_file[..^1]);
        Assert.Throws<InvalidDataException>(() => ModelFile.Read(stream, s_file.Length));
    }
}
