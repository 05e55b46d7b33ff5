using Mantle.Formats.Bytes;
using Mantle.ImageBuilder.Volumes;

// bench-volume DATA VOLUME [encrypt]: what "imagebuilder volume create" does with an image, without KMS, whose answer is made up here. Prints the root hash.
VolumeResult result = await VolumeWriter.WriteAsync(
    new VolumeRequest
    {
        Content = ByteSource.OpenFile(args[0]),
        ContentIdentity = Guid.NewGuid().ToString(),
        Output = args[1],
        Name = "bench",
        Version = "1",
        SealKey = args is [_, _, "encrypt"] ? (_, _) => Task.FromResult(new byte[200]) : null,
    },
    CancellationToken.None);
Console.WriteLine(result.RootHash);
