namespace Mantle.ImageBuilder.Launching;

/// <summary>
/// The appliance as a CloudFormation template in YAML: its role, its network rules, the way to KMS and nowhere else, the launch template and one instance of
/// it. Property names are those of the AWS CloudFormation Template Reference.
/// </summary>
public static class CloudFormationTemplate
{
    /// <summary>The text. The same request is the same text.</summary>
    public static string Write(LaunchRequest request)
    {
        string Operations(int indent) => string.Concat(request.Operations.Select(operation => $"\n{new string(' ', indent)}- {operation}"));
        string volumes = request.Snapshots.Count == 0 ? "" : "\n        BlockDeviceMappings:" + string.Concat(request.Volumes.Select(volume =>
            $"""

                      - DeviceName: {volume.Device} # only read: the guest checks every block against the root hash that it was measured with
                        Ebs:
                          SnapshotId: {volume.Snapshot}
                          VolumeType: gp3
                          DeleteOnTermination: true
            """));
        return $$"""
            # {{request.Name}}: one instance of a sealed appliance.
            {{request.ReleaseComment}}# Its role can use the key, with an attestation document, and do nothing else. Nobody can log in: there is no key pair, no user data, no agent.
            # What only the account can forbid (the serial console, Instance Connect, Systems Manager) is in policies/organization; attach that to the account,
            # and the managed policy below to whoever has rights in it all the same.
            AWSTemplateFormatVersion: "2010-09-09"
            Description: "{{request.Name}}: a sealed appliance that a KMS key is released to"
            Parameters:
              VpcId:
                Type: AWS::EC2::VPC::Id
              SubnetId:
                Type: AWS::EC2::Subnet::Id
              ClientCidr:
                Type: String
                Description: Who may reach the service
                AllowedPattern: "^[0-9]{1,3}([.][0-9]{1,3}){3}/[0-9]{1,2}$"
              InstanceType:
                Type: String
                Description: One with NitroTPM
                Default: {{request.InstanceType}}
                AllowedPattern: "{{InstanceTypes.Pattern.Replace("\\", "\\\\", StringComparison.Ordinal)}}"
            Resources:
              Role:
                Type: AWS::IAM::Role
                Properties:
                  RoleName: {{request.Role}}
                  Description: Uses one key, attested, and nothing else
                  AssumeRolePolicyDocument:
                    Version: "2012-10-17"
                    Statement:
                      - Effect: Allow
                        Principal:
                          Service: ec2.amazonaws.com
                        Action: sts:AssumeRole
                  Policies:
                    - PolicyName: attested-use
                      PolicyDocument:
                        Version: "2012-10-17"
                        Statement:
                          - Sid: AttestedUse
                            Effect: Allow
                            Action:{{Operations(18)}}
                            Resource: {{request.KeyArn}}
                            Condition:
                              "Null":
                                "kms:RecipientAttestation:NitroTPMPCR4": "false"
              Profile:
                Type: AWS::IAM::InstanceProfile
                Properties:
                  Roles:
                    - !Ref Role
              NoWayIn:
                Type: AWS::IAM::ManagedPolicy
                Properties:
                  Description: Attach it to the people and roles of this account. It denies the ways to a running instance that are API calls
                  PolicyDocument:
                    Version: "2012-10-17"
                    Statement:
                      - Sid: SerialConsole
                        Effect: Deny
                        Action:
                          - ec2:EnableSerialConsoleAccess
                          - ec2-instance-connect:SendSerialConsoleSSHPublicKey
                        Resource: "*"
                      - Sid: InstanceConnect
                        Effect: Deny
                        Action:
                          - ec2-instance-connect:*
                          - ec2:CreateInstanceConnectEndpoint
                        Resource: "*"
                      - Sid: SystemsManager
                        Effect: Deny
                        Action:
                          - ssm:StartSession
                          - ssm:SendCommand
                        Resource: "*"
              ServiceGroup:
                Type: AWS::EC2::SecurityGroup
                Properties:
                  GroupDescription: "{{request.Name}}: in to the service, out to KMS"
                  VpcId: !Ref VpcId
                  SecurityGroupIngress:
                    - IpProtocol: tcp
                      FromPort: {{request.Port}}
                      ToPort: {{request.Port}}
                      CidrIp: !Ref ClientCidr
                      Description: The service
                  SecurityGroupEgress: # a group without a rule would get one that allows everything; DNS and metadata pass by every group
                    - IpProtocol: tcp
                      FromPort: 443
                      ToPort: 443
                      DestinationSecurityGroupId: !Ref KmsGroup
                      Description: KMS
              KmsGroup:
                Type: AWS::EC2::SecurityGroup
                Properties:
                  GroupDescription: "{{request.Name}}: the endpoint of KMS"
                  VpcId: !Ref VpcId
                  SecurityGroupEgress:
                    - IpProtocol: icmp
                      FromPort: -1
                      ToPort: -1
                      CidrIp: 127.0.0.1/32
                      Description: Nothing
              KmsGroupIngress:
                Type: AWS::EC2::SecurityGroupIngress
                Properties:
                  GroupId: !Ref KmsGroup
                  IpProtocol: tcp
                  FromPort: 443
                  ToPort: 443
                  SourceSecurityGroupId: !Ref ServiceGroup
                  Description: The appliance
              KmsEndpoint:
                Type: AWS::EC2::VPCEndpoint
                Properties:
                  ServiceName: com.amazonaws.{{request.Region}}.kms
                  VpcEndpointType: Interface
                  VpcId: !Ref VpcId
                  SubnetIds:
                    - !Ref SubnetId
                  SecurityGroupIds:
                    - !Ref KmsGroup
                  PrivateDnsEnabled: true
                  PolicyDocument:
                    Version: "2012-10-17"
                    Statement:
                      - Effect: Allow
                        Principal:
                          AWS: !GetAtt Role.Arn
                        Action:{{Operations(14)}}
                        Resource: {{request.KeyArn}}
              Template:
                Type: AWS::EC2::LaunchTemplate
                Properties:
                  LaunchTemplateName: {{request.Name}}
                  LaunchTemplateData:
                    ImageId: {{request.ImageId}}
                    InstanceType: !Ref InstanceType
                    IamInstanceProfile:
                      Arn: !GetAtt Profile.Arn
                    MetadataOptions:
                      HttpEndpoint: enabled
                      HttpTokens: required
                      HttpPutResponseHopLimit: 1
                      HttpProtocolIpv6: disabled
                      InstanceMetadataTags: disabled
                    InstanceInitiatedShutdownBehavior: terminate
                    NetworkInterfaces:
                      - DeviceIndex: 0
                        AssociatePublicIpAddress: false
                        SubnetId: !Ref SubnetId
                        Groups:
                          - !Ref ServiceGroup{{volumes}}
              Instance:
                Type: AWS::EC2::Instance
                DependsOn: KmsEndpoint
                Properties:
                  LaunchTemplate:
                    LaunchTemplateId: !Ref Template
                    Version: !GetAtt Template.LatestVersionNumber
            Outputs:
              InstanceId:
                Value: !Ref Instance
              RoleArn:
                Description: The principal of the binding plan
                Value: !GetAtt Role.Arn

            """;
    }
}
