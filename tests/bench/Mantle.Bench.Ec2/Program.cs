using Mantle.Emulator.Ec2;

// EC2 and EBS on a port of this machine until standard input ends. Prints the environment that reaches it, for a shell to take over.
// usage: bench-ec2 FOLDER
Ec2Caller caller = new("111122223333");
Ec2Endpoint endpoint = await Ec2Endpoint.StartAsync(new() { Folder = args[0], Callers = [caller] });
await using (endpoint.ConfigureAwait(false))
{
    Console.WriteLine($"export AWS_ENDPOINT_URL={endpoint.Url} AWS_ACCESS_KEY_ID={caller.AccessKeyId} AWS_SECRET_ACCESS_KEY={caller.SecretKey}");
    await Console.In.ReadToEndAsync().ConfigureAwait(false);
}
